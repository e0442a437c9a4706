"""Mininet made fast: topology -> plan -> batches -> apply. Knows neither services nor RAS."""
