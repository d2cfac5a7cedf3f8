"""The relay, put together: taking, checking and delivering mail, in one process or several."""
