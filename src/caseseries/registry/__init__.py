"""Event tables of many patients: counted where the rows lie, in memory, in files or in a database."""
