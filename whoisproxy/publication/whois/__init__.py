"""Write objects as WHOIS text (RFC 3912), with the fields and the order of ICANN's specifications."""
