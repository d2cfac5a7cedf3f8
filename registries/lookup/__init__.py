"""What the public sees of a domain: fetch RDAP and WHOIS ourselves, and judge the raw answers."""
