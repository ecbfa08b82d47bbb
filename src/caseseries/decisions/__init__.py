"""What only a person can answer: the question, the answer, and the log that keeps it."""
