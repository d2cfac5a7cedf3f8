"""RDAP over HTTP and WHOIS on port 43."""
