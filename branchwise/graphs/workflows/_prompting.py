"""Shared by the workflows: calls by a prompt's name, and texts from outside as marked, bounded data."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from branchwise.agents.actor import fenced
from branchwise.agents.prompts import fill
from branchwise.graphs.runtime.context import Run
from branchwise.models.protocol import Reply
from branchwise.store.errors import BadInput

T = TypeVar("T")
LONGEST = 8_000
"""Characters of one text (a candidate, a document, a tool's result) that a prompt shows."""


def data(text: str, most: int = LONGEST) -> str:
    """A text from outside as lines that each begin with "| ", so that none of it can be mistaken for the prompt."""
    return fenced(text if len(text) <= most else f"{text[:most]} [cut]")


def numbered(texts: Sequence[str], most: int = LONGEST) -> str:
    """Texts as data, each under its number from 1."""
    return "\n\n".join(f"[{number}]\n{data(text, most)}" for number, text in enumerate(texts, 1))


def filled(run: Run, prompt: str, **blanks: str) -> str:
    """The prompt `workflows/NAME` of this run with its blanks filled."""
    return fill(run.prompts.load(f"workflows/{prompt}", "workflows"), **blanks)


def texts(reply: Reply) -> list[str]:
    """The texts of the samples that were written; failed and empty ones are left out."""
    found = [sample.text.strip() for sample in reply.samples if sample.error is None]
    return [text for text in found if text]


def text(reply: Reply) -> str:
    """The first text of a reply; "" where nothing was written."""
    return next(iter(texts(reply)), "")


async def judged_until(
    order: Sequence[int],
    judge: Callable[[int], Awaitable[T]],
    good: Callable[[T], bool],
    first_k: int | None,
) -> list[tuple[int, T]]:
    """Judge all candidates at once; with `first_k` in turn, until so many are good."""
    if first_k is None:
        return list(zip(order, await asyncio.gather(*map(judge, order)), strict=True))
    found: list[tuple[int, T]] = []
    for i in order:
        found.append((i, await judge(i)))
        if sum(good(value) for _, value in found) == first_k:
            break
    return found


def required(given: Mapping[str, Any], *names: str) -> None:
    """Refuse an input in which a field is missing or an empty text.

    Raises:
        BadInput: Names the field.
    """
    for name in names:
        value = given.get(name)
        if value is None or value == [] or (isinstance(value, str) and not value.strip()):
            raise BadInput(f"The input needs `{name}`. `branchwise workflows` shows what each field takes.")
