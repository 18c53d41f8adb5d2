"""The way in: the socket, HTTP framing, and the caller's side of an exchange."""
