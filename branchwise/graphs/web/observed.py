"""Observations served from the record: to a replay, and to a fork on paths that its ancestor took."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, cast

from branchwise.environments.protocol import Abilities, Session, Snapshot
from branchwise.store.errors import BudgetSpent
from branchwise.store.json_text import to_json
from branchwise.store.records import Json, NodeId
from branchwise.store.rows import Decision
from branchwise.store.tree import Tree

INHERITED = "inherited"
"""Kind of a fork's decision that holds an observation of its ancestor."""
KINDS = ("arrival", "offer")
"""Kinds of decisions that observe an environment; their keys are `KIND/NODE`."""


class RecordedPages:
    """The environment of a replay. A page that is not on record was refused by the budget: none can be opened."""

    def __init__(self, name: str) -> None:
        self.name, self.abilities = name, Abilities()

    async def reset(self, *, seed: int = 0) -> Session:
        """Refuse: there is no page."""
        raise BudgetSpent("recorded pages")

    async def restore(self, snapshot: Snapshot) -> Session:
        """Refuse: there is no page."""
        raise BudgetSpent("recorded pages")

    async def aclose(self) -> None:
        """Do nothing: there are no pages."""


def inherited_key(kind: str, actions: Sequence[str]) -> str:
    """The key of an inherited observation: its kind and a hash of the actions that led to the page."""
    digest = hashlib.blake2b(to_json(list(actions)).encode(), digest_size=16).hexdigest()
    return f"{INHERITED}/{kind}/{digest}"


def observations(tree: Tree, decisions: Sequence[Decision], at: NodeId | None = None) -> list[Decision]:
    """The observations of a run as those of its fork, up to the arrival at a node; None for all.

    A node's number names another action in a fork whose model proposes otherwise, so they are keyed by the actions.
    """
    found: dict[str, Json] = {}
    for one in decisions:
        if one.kind == INHERITED:
            found[one.key] = one.payload
        elif one.kind in KINDS:
            page = _page(one)
            if page in tree:
                key = inherited_key(one.kind, [step.text.strip() for step in tree.path(page)])
                found[key] = _offers(found.get(key), one.payload) if one.kind == "offer" else one.payload
        if at is not None and one.key == f"arrival/{at}":
            break
    return [Decision(key=key, kind=INHERITED, payload=payload) for key, payload in found.items()]


def _page(one: Decision) -> NodeId:
    """The node of the page that a decision observes."""
    payload = cast("Mapping[str, Json]", one.payload)
    return str(payload["page"]) if one.kind == "offer" else one.key.partition("/")[2]


def _offers(before: Json, more: Json) -> Json:
    """The lines of several proposals for one page; why one of them failed is not inherited."""
    old, new = cast("Mapping[str, Any]", before or {}), cast("Mapping[str, Any]", more)
    actions = old.get("actions") if old.get("actions") is not None else new.get("actions")
    return {
        "page": new["page"],
        "actions": actions,
        "lines": {**old.get("lines", {}), **new.get("lines", {})},
    }
