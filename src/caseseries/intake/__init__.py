"""Returned files to records and findings."""
