"""`caseseries survival`: a file of times and events to estimates, curves and tests; no study needed."""
