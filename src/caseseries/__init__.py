"""caseseries: from the scattered records of a small multicentre case series to numbers others can trust."""

__version__ = "0.1.0"
