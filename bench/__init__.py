"""Benchmarks: what a request and a chunk cost in processor time of the gateway's process."""
