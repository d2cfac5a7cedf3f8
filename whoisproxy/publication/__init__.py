"""What the public may see, and how RDAP and WHOIS write it."""
