"""Pages behind the links in owners' mail: answer in the browser, decide on held answers and mail, block."""
