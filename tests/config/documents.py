"""Documents for the tests of the configuration, and the problems that reading them gives."""

from collections.abc import Mapping

from headgate.config import Config, ConfigErrors, parse
from headgate.config.problems import Problem

ENV = {
    "OPENAI_API_KEY": "sk-openai",
    "ANTHROPIC_API_KEY": "sk-ant",
    "ALICE_KEY": "sk-alice-0123456789",
}

FULL = """\
server:
  host: 127.0.0.1
  port: 8080
  max_body: 32MiB
  drain: 10m
  heartbeat: 15s
  stream_errors: event
database: sqlite:///headgate-data/headgate.db
redis: null
backends:
  openai:
    base_url: https://api.openai.com/v1
    speaks: [chat, responses]
    api_key: ${OPENAI_API_KEY}
    models: "*"
    timeouts: {connect: 5s, first_event: 60s, idle: 60s, total: 10m}
    headers: {x-team: research}
    active: true
    usage_in_stream: true
  claude:
    base_url: https://api.anthropic.com
    speaks: [messages]
    api_key: ${ANTHROPIC_API_KEY}
models:
  fast:
    targets:
      - {backend: openai, model: gpt-4o-mini, weight: 3}
      - {backend: claude, model: claude-haiku-4-5, weight: 1}
    strategy: weighted
    hash_on: session
    retries: 2
    fallback_on: [connect, timeout, 429, 5xx]
rewrites:
  - {source: gpt-4, target: fast, force: true}
users:
  - {name: alice, api_key: ${ALICE_KEY}, backends: [openai], models: ["fast", "gpt-4o*"],
     detail_logging: true, copy_reasoning_to_reasoning_content: false,
     limits: {requests_per_minute: 60, tokens_per_minute: 100000, concurrent: 8,
              budget_usd: 20, budget_period: month}}
policies:
  source: file
  chain:
    - {policy: redact, patterns: [email], apply_to: [request, response], max_hold: 50ms}
    - {policy: inject_system, text: "Answer in English."}
logging:
  stream_detail: compact
  retention: 30d
"""
"""The contract's own example."""


def read(text: str | bytes, env: Mapping[str, str] = ENV) -> Config:
    """The configuration in `text`."""
    return parse(text, env, "headgate.yaml")


def problems(text: str | bytes, env: Mapping[str, str] = ENV) -> list[Problem]:
    """Everything that is wrong with `text`; empty where nothing is."""
    try:
        read(text, env)
    except ConfigErrors as errors:
        return list(errors.problems)
    return []


def only_problem(text: str | bytes, env: Mapping[str, str] = ENV) -> Problem:
    """The one thing that is wrong with `text`."""
    (problem,) = problems(text, env)
    return problem
