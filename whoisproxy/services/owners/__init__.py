"""What owners do on their pages: ways in, domains, mail, data."""
