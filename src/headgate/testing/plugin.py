"""The upstream and gateway fixtures for pytest."""
