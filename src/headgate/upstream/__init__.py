"""The way out: calls to backends."""
