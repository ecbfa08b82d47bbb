"""Results to ink; no arithmetic."""
