"""The way out: calls to backends. One file knows the HTTP client."""
