"""Protocol and courses to result rows."""
