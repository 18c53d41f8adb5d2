"""Amazon's Signature Version 4: the headers that prove a request to Bedrock.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import datetime
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlsplit

from headgate.config.section import Guarded

_UNRESERVED = "-_.~"


class AwsKeys(Guarded, frozen=True, kw_only=True):
    """The credentials of one principal and the scope that they sign for."""

    access_key_id: str
    secret_access_key: str
    region: str
    session_token: str | None = None
    service: str = "bedrock"


def sign(
    keys: AwsKeys, method: str, url: str, body: bytes, at: float
) -> tuple[tuple[str, str], ...]:
    """The headers to add to a request with `body` to `url` at the Unix time `at`.

    `url` and `body` must be sent as they are here. Of the headers host, date and session token
    are signed; the others are not, so that they may be added freely.
    """
    stamp = datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    headers = {"x-amz-date": stamp}
    if keys.session_token:
        headers["x-amz-security-token"] = keys.session_token
    signed = {"host": urlsplit(url).netloc.rpartition("@")[2].lower(), **headers}
    scope = f"{stamp[:8]}/{keys.region}/{keys.service}/aws4_request"
    request = _canonical_request(method, url, signed, digest)
    signature = _signature(keys, stamp, scope, request)
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={keys.access_key_id}/{scope}, "
        f"SignedHeaders={_names(signed)}, Signature={signature}"
    )
    return (*headers.items(), ("authorization", authorization))


def _canonical_request(method: str, url: str, headers: dict[str, str], digest: str) -> str:
    parts = urlsplit(url)
    # Every service but S3 wants the path encoded once more than it travels.
    path = quote(parts.path or "/", safe=f"/{_UNRESERVED}")
    pairs = sorted(
        (quote(name, safe=_UNRESERVED), quote(value, safe=_UNRESERVED))
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    query = "&".join(f"{name}={value}" for name, value in pairs)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    return f"{method}\n{path}\n{query}\n{lines}\n{_names(headers)}\n{digest}"


def _signature(keys: AwsKeys, stamp: str, scope: str, request: str) -> str:
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    key = b"AWS4" + keys.secret_access_key.encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _names(headers: Iterable[str]) -> str:
    return ";".join(sorted(headers))
