"""Peers that come from package registries, in a folder of their own under ``~/.cache``."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

FOLDER = Path.home() / ".cache" / "headgate-bench"
LITELLM = "1.106.0"
PORTKEY = "1.15.2"
PORTKEY_SERVER = "1.12.2"
"""Of its web server: with the newest that its own bounds allow, every stream of Portkey is a 500
("TypeError: immutable")."""
_PATIENCE_S = 600


class NotInstalled(Exception):  # noqa: N818 - named for the fact
    """It cannot be had here; the message says why."""


def litellm() -> Path:
    """The command of the LiteLLM proxy. Raises NotInstalled."""
    folder = FOLDER / f"litellm-{LITELLM}"
    program = folder / "bin" / "litellm"
    if not _is_whole(folder):
        _run("litellm", [sys.executable, "-m", "venv", "--clear", str(folder)])
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _run("litellm", [*pip, f"litellm[proxy]=={LITELLM}"])
        _mark_whole(folder)
    return program


def portkey() -> Path:
    """The script that starts Portkey's gateway. Raises NotInstalled."""
    folder = FOLDER / f"portkey-{PORTKEY}"
    if not _is_whole(folder):
        folder.mkdir(parents=True, exist_ok=True)
        package = {
            "private": True,
            "dependencies": {"@portkey-ai/gateway": PORTKEY},
            "overrides": {"@hono/node-server": PORTKEY_SERVER},
        }
        (folder / "package.json").write_bytes(msgspec.json.encode(package))
        _run("portkey", ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder)])
        _mark_whole(folder)
    return folder / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"


def _run(name: str, command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        raise NotInstalled(f"{name} needs {command[0]}, which is not here")
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"{name} was not installed within {_PATIENCE_S} s") from error
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split())[-200:]
        raise NotInstalled(f"{name} cannot be installed: {said}") from error


def _is_whole(folder: Path) -> bool:
    return (folder / "installed").exists()


def _mark_whole(folder: Path) -> None:
    (folder / "installed").touch()
