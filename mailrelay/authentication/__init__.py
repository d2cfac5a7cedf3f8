"""SPF, DKIM and DMARC of inbound mail, evaluated in process."""
