"""Separate a model's reasoning from its answer in one text."""

from __future__ import annotations

from typing import Final

_TAGS: Final = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("[THINK]", "[/THINK]"),
)


def split(text: str) -> tuple[str, str]:
    """Split a reply into reasoning and answer; without reasoning tags all of it is the answer.

    Reasoning comes first, between a pair of tags. Templates that open the tag in the prompt omit it from the
    reply; a reply cut off during reasoning lacks the closing one.

    Args:
        text: The reply as written.

    Returns:
        The reasoning, and the answer without the white space before it.
    """
    begun = text.lstrip()
    for opening, closing in _TAGS:
        if begun.startswith(opening):
            reasoning, _, answer = begun[len(opening) :].partition(closing)
            return reasoning.strip(), answer.lstrip()
    for opening, closing in _TAGS:
        at = text.find(closing)
        if at >= 0 and opening not in text[:at]:
            return text[:at].strip(), text[at + len(closing) :].lstrip()
    return "", text
