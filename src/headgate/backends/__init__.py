"""Whom the gateway calls: records of backends, the known providers, what their models can do."""
