import re
from pathlib import Path

import pytest

from headgate.config import AdminSettings, OidcSettings, parse
from tests.config.documents import only_problem, problems

OIDC = "admin:\n  oidc: {issuer: 'https://id.example.org', client_id: gw, "


def oidc(more: str) -> str:
    return f"{OIDC}{more}}}\n"


def test_the_example_of_the_manual_is_valid() -> None:
    manual = Path(__file__).parents[2] / "docs" / "administrators.md"
    (example,) = re.findall(r"```yaml\n(.*?)```", manual.read_text("utf-8"), re.DOTALL)
    assert not problems(example, {"OIDC_SECRET": "of-the-client"})


def test_left_out_nobody_but_the_gateway_itself_lets_anybody_in() -> None:
    assert parse("{}", {}, "f").admin == AdminSettings(public_url=None, oidc=None)


def test_a_provider_is_read_with_its_defaults() -> None:
    text = oidc("client_secret: ${S}, roles: {group-a: admin, 'a@b.org': viewer}")
    found = parse(text, {"S": "of-the-client"}, "f").admin.oidc
    assert found == OidcSettings(
        issuer="https://id.example.org",
        client_id="gw",
        client_secret="of-the-client",
        scopes=("openid", "email", "profile"),
        role_claim="groups",
        roles={"group-a": "admin", "a@b.org": "viewer"},
        allowed_domains="*",
        default_role=None,
    )


def test_the_secret_is_shown_nowhere() -> None:
    text = oidc("client_secret: of-the-client, roles: {a: admin}")
    assert "of-the-client" not in repr(parse(text, {}, "f"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("roles: {a: root}", "is not one of admin, billing, operator, owner, viewer"),
        ("roles: {a: admin}, scopes: [email]", "must name 'openid'"),
        ("client_secret: s", "lets nobody in"),
        ("default_role: viewer", "lets in everybody whom the issuer knows"),
        ("roles: {a: admin}, allowed_domains: ['@b.org']", "a domain is written example.org"),
        ("roles: {a: admin}, allowed_domain: ['b.org']", "unknown key"),
        ("roles: {a: admin}, client_secret: ''", "a key is printable ASCII"),
    ],
)
def test_what_cannot_be_meant_is_a_problem(more: str, said: str) -> None:
    assert said in only_problem(oidc(more)).message


@pytest.mark.parametrize(
    "more",
    [
        "default_role: viewer, allowed_domains: [b.org]",
        "default_role: viewer, allowed_domains: '*'",
        "roles: {a: admin}, allowed_domains: [b.org, c.org]",
    ],
)
def test_everybody_is_let_in_where_that_is_said(more: str) -> None:
    assert not problems(oidc(more))


@pytest.mark.parametrize(
    ("issuer", "good"),
    [
        ("https://id.example.org", True),
        ("https://id.example.org/realms/one/", True),
        ("http://127.0.0.1:9400", True),
        ("http://localhost:9400", True),
        ("http://id.example.org", False),
        ("https://u:p@id.example.org", False),
        ("https://id.example.org?a=b", False),
        ("id.example.org", False),
    ],
)
def test_an_issuer_is_called_by_https_or_on_this_machine(issuer: str, good: bool) -> None:
    text = f"admin: {{oidc: {{issuer: '{issuer}', client_id: gw, roles: {{a: admin}}}}}}"
    assert (not problems(text)) is good


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://llm.example.org", True),
        ("http://10.0.0.5:8080/", True),
        ("https://llm.example.org/below", False),
        ("ftp://llm.example.org", False),
    ],
)
def test_the_public_address_is_an_address_alone(address: str, good: bool) -> None:
    assert (not problems(f"admin: {{public_url: '{address}'}}")) is good
