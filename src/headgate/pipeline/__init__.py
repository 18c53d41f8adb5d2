"""The life of one exchange: `run` tells it from top to bottom."""
