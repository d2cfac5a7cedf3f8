"""What registries allow and how it is done there; knows neither `whoisproxy` nor `mailrelay`."""
