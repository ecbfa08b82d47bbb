"""Records to the clinical course, in order."""
