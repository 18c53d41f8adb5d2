"""Framing: bytes to frames and back, JSON text. Knows no dialect."""
