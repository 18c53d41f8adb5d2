import ssl

import pytest

from headgate.upstream.tls import client_tls
from tests.upstream.certificates import Authority


def test_certificates_and_names_are_checked() -> None:
    context = client_tls()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_the_environment_may_name_other_authorities(
    monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    monkeypatch.setenv("SSL_CERT_DIR", "/nonexistent")
    (trusted,) = client_tls().get_ca_certs()
    assert trusted["subject"] == ((("commonName", "test authority"),),)
