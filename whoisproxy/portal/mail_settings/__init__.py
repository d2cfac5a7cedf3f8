"""How an owner wants the mail of his domains: pages of a domain's mail, and of his mailboxes."""
