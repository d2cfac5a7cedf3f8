"""Pages for owners, behind the links in their mail: answer in the browser, decide on held answers, block."""
