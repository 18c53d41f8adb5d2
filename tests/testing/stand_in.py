"""A program in the gateway's place: ready at once, says where it listens, and tells its arguments
and environment.

With ``deaf`` in its configuration it ignores SIGTERM; with ``late`` it is never ready.
"""

import http.server
import json
import os
import pathlib
import signal
import sys

from typing_extensions import override

OPTIONS = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
CONFIG = pathlib.Path(OPTIONS["--config"]).read_text() if "--config" in OPTIONS else ""


class Answer(http.server.BaseHTTPRequestHandler):
    """Any GET."""

    def do_GET(self) -> None:
        """Readiness, or what the program knows."""
        late = "late" in CONFIG and self.path == "/health/ready"
        told = {"command": sys.argv[1], "options": OPTIONS, "env": dict(os.environ)}
        body = json.dumps({**told, "config": CONFIG}).encode()
        self.send_response(503 if late else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


if "deaf" in CONFIG:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stderr.write("the stand-in speaks\n")
sys.stderr.flush()
if "broken" in CONFIG:
    sys.exit(3)
address = (OPTIONS["--host"], int(OPTIONS["--port"]))
server = http.server.ThreadingHTTPServer(address, Answer)
sys.stderr.write(f"it listens on http://127.0.0.1:{server.server_port}\n")
sys.stderr.flush()
server.serve_forever()
