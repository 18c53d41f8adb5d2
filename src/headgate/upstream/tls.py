"""TLS to backends: who is trusted, and what is spoken inside."""

import ssl


def client_tls() -> ssl.SSLContext:
    """The system's trust store, or what SSL_CERT_FILE and SSL_CERT_DIR name; host names and dates
    are checked; HTTP/1.1 and nothing else is offered."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
