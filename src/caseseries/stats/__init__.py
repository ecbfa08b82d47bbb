"""Counts in, estimates out; knows no patients and no files. Imports nothing of ours."""
