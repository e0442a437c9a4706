"""One module per real component, each a declared service. Knows nothing of RAS."""
