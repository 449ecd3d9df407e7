"""Fuzzing: documents and bytes with faults, given to whatever reads a stranger's file or row.

Each target is `async def target(draw, folder)`: one input drawn, one read (`tests/hostile/targets.py`).
"""

from __future__ import annotations

import copy
import json
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from branchwise.store.errors import BranchwiseError

Target: TypeAlias = Callable[[random.Random, Path], Awaitable[None]]
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63, 2**70, 10**400, 1e308, float("nan"), float("inf"), ""),
    *("x" * 100_000, "\0", "\ud800", "\x1b]0;PWNED\x07[/x]", [], {}, [[]] * 3, {"a": {"b": 1}}),
    *("../../../../../etc/passwd", "<script>1</script>", "'; drop table runs;--", "0.0", "running", "done"),
    *("embedded:/etc/passwd", "os:system", "openai-compatible:[/x]", "٣", "1e999", [1, "2", None]),
)
"""What stands in for a value of a document."""
JUNK = ("[" * 10**5, '{"a":' * 10**4, "9" * 5000, "null", "\ud800", "NaN", "")


@dataclass
class Fuzzed:
    """What came of a target's tries."""

    tries: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    raw: dict[str, str] = field(default_factory=dict)
    """Exceptions that are not ours, each with the seed that shows it."""


async def fuzzed(target: Target, folder: Path, *, seconds: float, tries: int = 1, seed: int = 0) -> Fuzzed:
    """Try a target with drawn inputs for some seconds, and at least some tries."""
    found, until = Fuzzed(), time.monotonic() + seconds
    while found.tries < tries or time.monotonic() < until:
        draw = random.Random(f"{target.__name__}/{seed}/{found.tries}")
        found.tries += 1
        try:
            await target(draw, folder)
        except BranchwiseError as error:
            found.refused[type(error).__name__] += 1
        except Exception as error:
            said = re.sub("[0-9]+", "#", str(error))[:70]
            found.raw.setdefault(
                f"{type(error).__name__}: {said}", f"{target.__name__}/{seed}/{found.tries - 1}"
            )
    return found


def mutated(document: Any, draw: random.Random) -> Any:
    """A copy of a JSON document with one to three places changed, left out or added."""
    copied = copy.deepcopy(document)
    for _ in range(draw.choice((1, 1, 2, 3))):
        holders = list(_holders(copied))
        holder = draw.choice(holders) if holders else None
        if isinstance(holder, dict) and holder:
            name = draw.choice(sorted(holder))
            if draw.random() < 0.15:
                del holder[name]
            else:
                holder[name if draw.random() < 0.9 else f"{name}_"] = copy.deepcopy(draw.choice(VALUES))
        elif isinstance(holder, list):
            holder.insert(draw.randint(0, len(holder)), copy.deepcopy(draw.choice(VALUES)))
    return copied


def _holders(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(one for item in value.values() for one in _holders(item))]
    return [value, *(one for item in value for one in _holders(item))] if isinstance(value, list) else []


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Bytes with some flipped, cut out or repeated."""
    raw = bytearray(data)
    for _ in range(draw.choice((1, 2, 8, 64))):
        at = draw.randrange(len(raw) or 1)
        if draw.random() < 0.7 and raw:
            raw[at] ^= 1 << draw.randrange(8)
        elif draw.random() < 0.5:
            del raw[at : at + draw.randrange(1, 40)]
        else:
            raw[at:at] = raw[at : at + draw.randrange(1, 40)] * draw.choice((1, 50))
    return bytes(raw)


def text_of(document: Any, draw: random.Random) -> str:
    """A document with faults as JSON; sometimes no JSON."""
    text = json.dumps(mutated(document, draw))
    if draw.random() < 0.2:
        text = damaged(text.encode(), draw).decode(errors="replace")
    return draw.choice(JUNK) if draw.random() < 0.02 else text
