"""Read what comes back: delivery reports of every style, automatic replies, complaints."""
