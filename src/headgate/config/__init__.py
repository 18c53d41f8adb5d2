"""The configuration: one file's text to checked, frozen records, or to every problem in it."""

from headgate.config.admin_section import AdminSettings, OidcSettings
from headgate.config.backend_section import (
    AwsSettings,
    BackendSettings,
    PathPair,
    PriceSettings,
    QuirkSettings,
    TimeoutSettings,
)
from headgate.config.checks import find_cycle
from headgate.config.json_schema import json_schema
from headgate.config.load import load, parse, read_section
from headgate.config.model_section import ModelSettings, RewriteSettings, TargetSettings
from headgate.config.overrides import passed_over
from headgate.config.problems import ConfigErrors, Problem, report
from headgate.config.schema import Config, LoggingSettings, PolicySettings, ServerSettings
from headgate.config.user_section import LimitSettings, UserSettings

__all__ = [
    "AdminSettings",
    "AwsSettings",
    "BackendSettings",
    "Config",
    "ConfigErrors",
    "LimitSettings",
    "LoggingSettings",
    "ModelSettings",
    "OidcSettings",
    "PathPair",
    "PolicySettings",
    "PriceSettings",
    "Problem",
    "QuirkSettings",
    "RewriteSettings",
    "ServerSettings",
    "TargetSettings",
    "TimeoutSettings",
    "UserSettings",
    "find_cycle",
    "json_schema",
    "load",
    "parse",
    "passed_over",
    "read_section",
    "report",
]
