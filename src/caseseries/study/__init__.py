"""The protocol as data; knows no patient."""
