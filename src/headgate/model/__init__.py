"""The words of the gateway as types: no I/O, no clock, no randomness, no dialect."""
