"""Regexes that work on text which is still arriving."""
