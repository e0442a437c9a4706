"""Throughput, latency, counters, captures and CPU as pandas frames. Never prints."""
