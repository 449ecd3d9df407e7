"""Inspect: a model provider and a solver whose answers are searched; `inspect` finds them by itself."""

from __future__ import annotations

from branchwise.integrations.inspect_ai.provider import branchwise_api
from branchwise.integrations.inspect_ai.solving import branchwise_solver

__all__ = ["branchwise_api", "branchwise_solver"]
