"""The `raslab` command: thin front ends, no logic."""
