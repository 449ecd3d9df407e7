"""Capability checks of a strategy against an engine, before anything is spent."""

from __future__ import annotations

from branchwise.graphs import strategies
from branchwise.models.capabilities import WORDS, who_can
from branchwise.models.protocol import Capabilities, Model
from branchwise.store.errors import Unsupported

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
    check_abilities(f"strategy `{strategy}`", engine, *(_OFFERED[need] for need in _OFFERED if need in needs))


def check_abilities(who: str, engine: Model, *abilities: str) -> None:
    """Refuse what needs abilities, fields of `Capabilities`, that the engine lacks.

    Raises:
        Unsupported: Says what is missing and which engines have it.
    """
    for ability in abilities:
        if not getattr(engine.capabilities, ability):
            raise Unsupported(
                f"The {who} needs {WORDS[ability]}, which `{engine.name}` lacks; "
                f"{who_can(ability)} can do that."
            )
