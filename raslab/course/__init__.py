"""Loads and runs the labs in `labs/` and reports what they measured. Knows no widgets."""
