"""Domain WHOIS privacy proxy for registrars: hidden stays hidden, honest mail arrives, spam does not."""
