"""Everybody who can be measured, by name."""

import shutil
from collections.abc import Callable, Mapping
from functools import partial

from bench import install
from bench.asking import KEY, TLS_MODEL, Door
from bench.proxies import REDACT, Missing, Recipe, Site, free_port, headgate, new_folder, nginx

LITELLM = """\
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_base: "http://127.0.0.1:{plain}/v1", api_key: k}}
  - model_name: m-tls
    litellm_params: {{model: openai/m, api_base: "https://127.0.0.1:{tls}/v1", api_key: k}}
general_settings: {{master_key: {key}}}
litellm_settings: {{telemetry: false, use_chat_completions_url_for_anthropic_messages: true}}
"""


def litellm(site: Site) -> Recipe:
    """LiteLLM's proxy, one worker, as it comes; of keys it checks the master key alone, since
    more needs its database."""
    try:
        program = install.litellm()
    except install.NotInstalled as error:
        raise Missing(str(error)) from error
    port = free_port()
    config = new_folder(site, "litellm") / "config.yaml"
    config.write_text(LITELLM.format(plain=site.backend, tls=site.backend_tls, key=KEY))
    where = ["--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    return Recipe(
        name="litellm",
        version=install.LITELLM,
        command=[str(program), *where, "--num_workers", "1"],
        door=Door(port=port),
        tls=Door(port=port, model=TLS_MODEL),
        env={
            "LITELLM_LOG": "ERROR",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "SSL_CERT_FILE": str(site.certificates.authority),
        },
        patience_s=90.0,
    )


def portkey(site: Site) -> Recipe:
    """Portkey's gateway as it comes; it checks no key, callers bring the backend's own."""
    node = shutil.which("node")
    if node is None:
        raise Missing("portkey needs node, which is not here")
    try:
        script = install.portkey()
    except install.NotInstalled as error:
        raise Missing(str(error)) from error
    port = free_port()
    plain, tls = f"http://127.0.0.1:{site.backend}/v1", f"https://127.0.0.1:{site.backend_tls}/v1"
    return Recipe(
        name="portkey",
        version=install.PORTKEY,
        command=[node, str(script), f"--port={port}", "--headless"],
        door=Door(port=port, headers=_to(plain)),
        tls=Door(port=port, headers=_to(tls)),
        env={
            "NODE_EXTRA_CA_CERTS": str(site.certificates.authority),
            "TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost",
        },
    )


RECIPES: Mapping[str, Callable[[Site], Recipe]] = {
    "headgate": headgate,
    "headgate, redact": partial(headgate, policies=REDACT),
    "nginx": nginx,
    "litellm": litellm,
    "portkey": portkey,
}


def _to(address: str) -> Mapping[str, str]:
    return {"x-portkey-provider": "openai", "x-portkey-custom-host": address}
