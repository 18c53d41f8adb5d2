"""A configuration where there is none: backends from the provider keys of the environment."""

import re
from collections.abc import Mapping

from headgate.backends.catalog import CATALOG
from headgate.backends.provider import Provider
from headgate.config.backend_section import BackendSettings
from headgate.config.load import from_environment
from headgate.config.schema import Config

_VARIABLE = re.compile(r"\{([A-Z_]+)\}")


def zero_config(env: Mapping[str, str]) -> Config:
    """One backend a provider whose key `env` holds, named after the provider.

    Raises ConfigErrors where a ``HEADGATE_…`` variable or a key is unusable.
    """
    backends: dict[str, BackendSettings] = {}
    origins: dict[str, str] = {}
    for provider in CATALOG:
        variable = next((name for name in provider.env if env.get(name, "").strip()), None)
        base_url = _address(provider, env)
        if variable is not None and base_url is not None:
            key = env[variable].strip()
            backends[provider.kind] = BackendSettings(
                kind=provider.kind, base_url=base_url, api_key=key
            )
            origins[provider.kind] = variable
    return from_environment(backends, origins, env)


def _address(provider: Provider, env: Mapping[str, str]) -> str | None:
    if provider.env_address is None:
        return provider.base_url
    if not all(env.get(name) for name in _VARIABLE.findall(provider.env_address)):
        return None
    return _VARIABLE.sub(lambda match: env[match.group(1)], provider.env_address)
