import pathlib
import subprocess
import sys

import httpx2

from headgate import __version__


async def test_the_description_names_paths_failures_and_token(stranger: httpx2.AsyncClient) -> None:
    description = (await stranger.get("/admin/openapi.json")).json()
    assert description["info"]["version"] == __version__
    assert "HTTPBearer" in description["components"]["securitySchemes"]
    operation = description["paths"]["/admin/analytics/requests"]["get"]
    assert set(operation["responses"]) == {"200", "414", "431", "4XX"}
    assert ", ".join(parameter["name"] for parameter in operation["parameters"]) == (
        "limit, offset, q, userId, backendId, model, session, outcome, detailLogged, from, to"
    )
    assert all(path.startswith("/admin/") for path in description["paths"])


async def test_nothing_is_told_to_a_telemetry_of_the_framework(
    stranger: httpx2.AsyncClient,
) -> None:
    app = stranger._transport.app  # type: ignore[attr-defined]
    assert not any(app._telemetry[kind] for kind in ("tracing", "metrics", "logs"))


def test_the_rest_of_the_program_starts_without_the_framework(tmp_path: pathlib.Path) -> None:
    program = """
import sys
import headgate.storage.ledger, headgate.storage.request_log, headgate.storage.retention
assert not {"fastapi", "pydantic", "starlette"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, timeout=30)
