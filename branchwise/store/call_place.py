"""The round of a search and the node that a call's key names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from branchwise.store.records import NodeId

_PLACE = re.compile(r"(?:^|/)r(?P<round>\d{1,9})(?:/(?P<node>0(?:\.\d+)*))?(?:/|$)")


@dataclass(frozen=True, slots=True)
class CallPlace:
    """What a key says about its call; None where it says nothing."""

    round: int | None = None
    node: NodeId | None = None


def place_of(key: str) -> CallPlace:
    """Read a key, for example `t1/r3/0.2/0/propose`."""
    found = _PLACE.search(key)
    return CallPlace(int(found["round"]), found["node"]) if found else CallPlace()
