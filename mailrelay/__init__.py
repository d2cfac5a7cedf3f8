"""The mail relay between strangers and hidden owners; knows neither `whoisproxy` nor `registries`."""
