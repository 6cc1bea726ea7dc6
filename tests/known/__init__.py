"""Known issues: what they explain, what they never hide, and the file that holds them."""
