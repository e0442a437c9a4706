"""Widgets, magics, rich display and progress for notebooks. Starts no processes."""
