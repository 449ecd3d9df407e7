"""Capability checks of a strategy against an engine, before anything is spent."""

from __future__ import annotations

from branchwise.graphs import strategies
from branchwise.models.protocol import Capabilities, Model
from branchwise.models.require import require_abilities

_OFFERED = {"log-probabilities": "logprobs", "prefix": "prefix"}
"""Needs that an engine may lack, and the capability that serves each."""


def lacks(strategy: str, capabilities: Capabilities) -> tuple[str, ...]:
    """The needs of `strategy` that an engine of these capabilities does not serve."""
    needs = strategies.info(strategy).needs
    return tuple(n for n in _OFFERED if n in needs and not getattr(capabilities, _OFFERED[n]))


def check_needs(strategy: str, engine: Model) -> None:
    """Refuse a strategy that the engine cannot serve.

    Raises:
        Unsupported: Says what is missing and which engines have it.
    """
    needs = strategies.info(strategy).needs
    require_abilities(
        f"strategy `{strategy}`", engine, *(_OFFERED[need] for need in _OFFERED if need in needs)
    )
