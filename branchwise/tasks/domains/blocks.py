"""The four-operator Blocksworld of PlanBench (Valmeekam et al., arXiv 2206.10498), simulated exactly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from branchwise.tasks.domains.reading import plain

Below: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs (block, what it stands on); `table` is the table. Sorted, so that equal worlds are equal."""

TABLE = "table"
_ACTING = re.compile(
    r"\b(?:un)?stack|\bpick(?:s|ed|ing)?[ _-]?up\b|\bput(?:s|ting)?[ _-]?down\b|\bput\b|\bpick\b",
    re.IGNORECASE,
)
_CALL = re.compile(r"\b(pick[-_]up|put[-_]down|stack|unstack)\( ?(\w+) ?(?:, ?(\w+) ?)?\)", re.IGNORECASE)
_REMARK = re.compile(r"[^\n]*:|\[[^\n]*\]|\S+(?: \S+){3,}")
_ACTION = re.compile(
    r"\W*(?:step \d{1,3}\W+)?(?P<name>pick[ _-]up|put[ _-]down|stack|unstack) "
    r"(?:the )?(?:block )?(?P<block>\w+)(?: block)?"
    r"(?:(?: (?:from )?(?:on|onto|from|off)(?: top of)?)? (?!the table)(?:the )?(?:block )?(?P<base>\w+)(?: block)?)?"
    r"(?: (?:from|on|onto) the table)?\W*",
    re.IGNORECASE,
)
ACTIONS = {"pick-up": 1, "put-down": 1, "stack": 2, "unstack": 2}
"""Action -> number of its blocks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """The position of every block; a held block has none."""

    below: Below
    held: str | None = None

    def under(self, block: str) -> str | None:
        """The block or table below the block; None for a held or unknown block."""
        return dict(self.below).get(block)

    def clear(self, block: str) -> bool:
        """Whether the block is placed and has nothing on it."""
        return self.under(block) is not None and block not in dict(self.below).values()

    def act(self, action: tuple[str, ...]) -> World | None:
        """The world after an action, or None when its preconditions do not hold."""
        if ACTIONS.get(action[0]) != len(action) - 1:
            return None
        name, block = action[:2]
        base = action[2] if len(action) == 3 else TABLE
        if name in {"pick-up", "unstack"}:
            if (
                self.held is not None
                or not self.clear(block)
                or self.under(block) != base
                or _odd(name, base)
            ):
                return None
            return World(below=tuple(pair for pair in self.below if pair[0] != block), held=block)
        if self.held != block or (name == "stack" and not self.clear(base)):
            return None
        return World(below=tuple(sorted((*self.below, (block, base)))))

    def actions(self) -> Iterator[tuple[str, ...]]:
        """Every action that is possible now."""
        blocks = sorted(block for block, _ in self.below)
        if self.held is not None:
            yield "put-down", self.held
            yield from (("stack", self.held, base) for base in blocks if self.clear(base))
            return
        for block in blocks:
            if self.clear(block):
                base = self.under(block) or TABLE
                yield ("pick-up", block) if base == TABLE else ("unstack", block, base)

    def holds(self, goal: Below) -> int:
        """Number of the goal's pairs that hold."""
        return sum(self.under(block) == base for block, base in goal)


def _odd(name: str, base: str) -> bool:
    return (name == "pick-up") is not (base == TABLE)


def world_from_pairs(pairs: Below) -> World | None:
    """The world of these pairs with an empty hand, or None if they are inconsistent."""
    below = dict(pairs)
    bases = [base for base in below.values() if base != TABLE]
    if len(below) < len(pairs) or len(set(bases)) < len(bases) or not set(bases) <= set(below):
        return None
    for block in below:
        at, steps = block, 0
        while at != TABLE:
            at, steps = below[at], steps + 1
            if steps > len(below):
                return None
    return World(below=tuple(sorted(pairs)))


def actions_in(text: str, blocks: Iterable[str] = ()) -> list[tuple[str, ...]] | None:
    """Read one action a line, as PDDL or in words; `done` ends the plan. None when a line is not understood.

    `(unstack b a)`, `2. Unstack b from a` and `stack the red block on top of the blue block` are actions; a heading
    or a sentence of four words or more without the word of an action is a remark.

    Args:
        text: The plan.
        blocks: The names of the blocks, for names that are written in another case.
    """
    names = {name.casefold(): name for name in blocks}
    actions: list[tuple[str, ...]] = []
    lines = re.split(
        r"(?<! ) *+(?:\n|;|,(?= ?(?:pick|put|stack|unstack))) *", _CALL.sub(r"\1 \2 \3", plain(text))
    )
    for line in lines:
        if re.fullmatch(r"\W*done\W*", line, re.IGNORECASE):
            break
        if not line or (not _ACTING.search(line) and _REMARK.fullmatch(line)):
            continue
        found = _ACTION.fullmatch(line)
        if found is None:
            return None
        name = re.sub(r"[ _-]+", "-", found["name"].lower())
        said = [found[part] for part in ("block", "base") if found[part]]
        if len(said) != ACTIONS[name]:
            return None
        actions.append((name, *(names.get(block.casefold(), block) for block in said)))
    return actions
