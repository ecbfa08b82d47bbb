"""What is known about one patient; every value remembers the cell it came from."""
