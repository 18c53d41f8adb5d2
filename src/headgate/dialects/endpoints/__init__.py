"""The endpoints beside the conversations: embeddings, completions, pictures, sound, counts."""

from headgate.dialects.endpoints.table import ENDPOINTS, find

__all__ = ["ENDPOINTS", "find"]
