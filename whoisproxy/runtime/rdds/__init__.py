"""The role that answers RDAP and WHOIS, in one process or several."""
