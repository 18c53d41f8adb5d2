"""Metrics: families of numbers, their text for Prometheus, and what several workers share."""
