"""Everybody who can be measured, by name."""

from collections.abc import Callable, Mapping

from bench.proxies import REDACT, Recipe, Site, headgate, nginx

RECIPES: Mapping[str, Callable[[Site], Recipe]] = {
    "headgate": headgate,
    "headgate, redact": lambda site: headgate(site, policies=REDACT),
    "nginx": nginx,
}
