"""Hostile replies: what a model, or whoever answers in its place, may write."""

from __future__ import annotations

import random

UNITS = (
    "\n",
    " ",
    " \n",
    "*",
    "1",
    "9",
    "_",
    "-",
    "(",
    "[",
    "{",
    "`",
    "```\n",
    "~~~\n",
    '"',
    "\\",
    "a ",
    "to ",
    "\t",
    "\u202e",
    "\ud800",
    "👍",
)
LINES = (
    "Score: 60",
    "Score: ٩٠",
    "Score: 999999999999999999999",
    "**Score**: -100.",
    "Best: 3",
    "Best 99999999",
    "Status: success",
    "On the right track to success: yes",
    "Answer: 42",
    "answer: \\boxed{\\boxed{\\frac{1}{0}}}",
    "#### 10^10^10^10",
    "Answer: (13 - 1) * (9 - 7) = 24",
    "Answer: 9**9**9**9",
    "13 - 9 = 4 (left: 4 1 7)",
    "1/0 = 1 (left: 0 0)",
    "unstack the red block from on top of the blue block",
    "Monday, 14:30 - 15:00",
    "Monday, 99:99 - 00:00",
    "You travel to Sunset in 12 minutes and arrive at 9:12AM. You meet Ada for 999999999 minutes.",
    "**Day 1-99999999999:** Visit Paris for 5 days.",
    "Reverse the text.",
    "done",
    "The end",
    "```python\ndef f(x):\n    return x\n```",
    "```python\nimport os\ndef double(x):\n    while True: os.fork()\n```",
    '{"a": [NaN, 1e999, ' + "9" * 400 + "]}",
    '[["rebase", 0.5], ("best_of_n", 1e309)]',
    '{"participants": ["Ada"], "duration": -1, "busy": null}',
    "- a constraint",
    "1. a step",
    "[bold]x[/] [/x] \x1b]0;PWNED\x07\x9b31m",
    "<script>alert(1)</script>",
    "'; drop table runs;--",
    "\x00\x10\x1f",
    "Action: click [ref=e1] \x00",
)


def hostile_reply(draw: random.Random, longest: int = 60_000) -> str:
    """One reply: some lines of the tasks' forms, right or damaged, among texts that are made to cost time."""
    parts = []
    for _ in range(draw.choice((1, 1, 2, 4))):
        kind = draw.random()
        if kind < 0.45:
            parts.append(draw.choice(LINES))
        elif kind < 0.6:
            line = list(draw.choice(LINES))
            for _ in range(draw.randint(1, 4)):
                line[draw.randrange(len(line))] = chr(
                    draw.choice((0, 9, 10, 27, 0x202E, 0xD800, 0x660, 0x1D7CE, 0xFF11, 65))
                )
            parts.append("".join(line))
        else:
            unit = draw.choice((*UNITS, *LINES))
            length = draw.choice((1, 40, 400, 4000, longest if draw.random() < 0.1 else 40))
            parts.append(unit * max(1, length // len(unit)))
    return draw.choice(("\n", " ", "\n\n", "")).join(parts)[:longest]
