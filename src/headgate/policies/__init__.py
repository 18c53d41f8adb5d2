"""Policies: what an operator adds to refuse, change or watch requests and answers."""

from headgate.policies.policy import DROP, Policy, Refuse, ToolVerdict

__all__ = ["DROP", "Policy", "Refuse", "ToolVerdict"]
