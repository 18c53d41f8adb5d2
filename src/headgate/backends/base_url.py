"""A backend's address as its operator wrote it, brought to the form before ``/v1``."""

import re
from urllib.parse import urlsplit

_ENDPOINT = re.compile(
    r"/(chat/completions|completions|messages|responses|models|embeddings|moderations|rerank)\Z"
)
_VERSION = re.compile(r"/(v1|v1beta)\Z")
_OTHER_VERSION = re.compile(r"/v[0-9]+(alpha|beta)?\Z")


def normalise(url: str) -> str:
    """`url` without what our paths begin with: ``/v1``, ``/v1beta``, slashes at the end, or a
    whole endpoint that was pasted."""
    url = url.rstrip("/")
    if _ENDPOINT.search(url):
        url = _ENDPOINT.sub("", url).rstrip("/")
    return _VERSION.sub("", url).rstrip("/")


def is_versioned(base_url: str) -> bool:
    """Whether a normalised address ends in a version of its own, like ``/api/paas/v4``: then
    ``/v1`` does not follow it."""
    return _OTHER_VERSION.search(base_url) is not None


def host_of(base_url: str) -> str:
    """Host and port in lower case, as the catalog knows them."""
    return urlsplit(base_url).netloc.lower()


def path_of(base_url: str) -> str:
    """The path of a normalised address: "" where it ends at the host."""
    return urlsplit(base_url).path
