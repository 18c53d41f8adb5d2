"""The section ``admin``: how administrators reach the admin API, and who lets them in."""

from collections.abc import Mapping
from typing import Annotated, Literal

from headgate.config.section import Key, Section, key

RoleName = Literal["owner", "admin", "operator", "viewer", "billing"]
Text = Annotated[str, key("Printable text.", text="model")]
Domain = Annotated[str, key("A domain: example.org.", text="domain")]
Scope = Annotated[str, key("A scope of OAuth 2.0.", text="key")]


class OidcSettings(Section, frozen=True, kw_only=True):
    """Signing in through an identity provider (OpenID Connect)."""

    issuer: Annotated[str, key("The provider's issuer, exactly as it says it.", text="issuer")]
    client_id: Annotated[Text, key("What the provider calls this gateway.")]
    client_secret: Annotated[
        Key | None, key("What the gateway shows the provider; left out: a public client.")
    ] = None
    scopes: Annotated[tuple[Scope, ...], key("What the provider is asked for.")] = (
        "openid",
        "email",
        "profile",
    )
    role_claim: Annotated[Text, key("The claim that roles go by: one with groups, or email.")] = (
        "groups"
    )
    roles: Annotated[
        Mapping[Text, RoleName], key("Roles by values of that claim; the most powerful counts.")
    ] = {}
    allowed_domains: Annotated[
        Literal["*"] | tuple[Domain, ...],
        key("Domains of verified e-mail addresses that are let in; '*': any, also none."),
    ] = "*"
    default_role: Annotated[
        RoleName | None, key("The role of whoever has none by 'roles'; left out: they stay out.")
    ] = None


class AdminSettings(Section, frozen=True, kw_only=True):
    """How administrators get in."""

    public_url: Annotated[
        str | None,
        key(
            "The address that browsers reach the gateway by, where it is another than the "
            "gateway sees: behind a proxy that ends TLS.",
            text="origin",
        ),
    ] = None
    oidc: Annotated[OidcSettings | None, key("An identity provider.")] = None
