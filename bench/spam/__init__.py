"""Make the model of spam, and measure how well mail is told from spam."""
