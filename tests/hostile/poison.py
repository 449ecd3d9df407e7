"""Recorded replies as a hostile server, or whoever writes to the database, may have left them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Poison = Callable[[dict[str, Any]], str]
"""Makes the text of a row from the reply that was recorded in it."""
LONG = 900_000
"""Characters of a sample, below the limit."""


def _texts(text: str) -> Poison:
    return lambda reply: json.dumps({**reply, "samples": [{**one, "text": text} for one in reply["samples"]]})


def _samples(**fields: Any) -> Poison:
    return lambda reply: json.dumps({**reply, "samples": [{**one, **fields} for one in reply["samples"]]})


def _usage(**fields: Any) -> Poison:
    return lambda reply: json.dumps({**reply, "usage": {**reply["usage"], **fields}})


def _fields(**fields: Any) -> Poison:
    return lambda reply: json.dumps({**reply, **fields})


def _raw(text: str) -> Poison:
    return lambda reply: text


POISONS: Mapping[str, Poison] = {
    "no JSON": _raw("{'version'"),
    "an empty text": _raw(""),
    "null": _raw("null"),
    "escapes of columns": _raw("\x10000\x10zzzz\x10d800"),
    "deep lists": _raw("[" * 300_000),
    "deep lists that end": _raw("[" * 100_000 + "]" * 100_000),
    "deep objects": lambda reply: '{"version":1,"samples":' + '{"a":' * 100_000,
    "digits without end": _raw('{"version":1,"samples":' + "9" * 10_000 + "}"),
    "another version": _fields(version=99),
    "no samples": _fields(samples=[]),
    "samples that are none": _fields(samples=["x", None, {}]),
    "100,000 samples": lambda reply: json.dumps({**reply, "samples": reply["samples"][:1] * 100_000}),
    "ten million characters": _texts("\n" * 10_000_000),
    "lines without end": _texts("\n" * LONG + "x"),
    "blanks": _texts(" " * LONG + "x"),
    "words": _texts("a " * (LONG // 2)),
    "scores": _texts("**Score**: " * (LONG // 11)),
    "answers": _texts("\nAnswer: " * (LONG // 9)),
    "boxes": _texts("\\boxed{" * (LONG // 7)),
    "brackets": _texts("(" * LONG),
    "digits": _texts("Answer: " + "9" * LONG),
    "fences": _texts("```\n" * (LONG // 4)),
    "powers": _texts("Answer: 9**9**9**9**9"),
    "halves of pairs, and NUL": _texts("\ud800\0\x10 Score: \udfff60\nAnswer: \0\ud800"),
    "escapes of a terminal": _texts("\x1b]0;x\x07 [/x] \u202e Score: ٩٠\nAnswer: \x9b2J"),
    "tokens below nothing": _samples(tokens=-5),
    "tokens without end": _samples(tokens=10**400),
    "more tokens than a column": _samples(tokens=2**63),
    "no number of tokens": _samples(tokens="x"),
    "a probability that is none": _samples(logprob=float("nan")),
    "a usage below nothing": _usage(completion_tokens=-(2**63), prompt_tokens=-5),
    "a usage without end": _usage(prompt_tokens=10**400, completion_tokens=10**400),
    "a usage that is no number": _usage(seconds=float("inf"), cost=float("nan"), prompt_tokens="x"),
    "an estimate without end": _fields(prompt_estimate=10**400),
    "an estimate below nothing": _fields(prompt_estimate=-1),
}
_BUDGET = json.dumps(
    {"workflow": "solve", "input": {}, "model": "scripted:script", "budget": {"tokens": 10**400}}
)
ROWS: Mapping[str, tuple[str, str]] = {
    "a request that is no JSON": ("UPDATE runs SET spec = :text WHERE id = :run", "{'x'"),
    "a request without end": ("UPDATE runs SET spec = :text WHERE id = :run", "[" * 200_000),
    "a request of another kind": (
        "UPDATE runs SET spec = :text WHERE id = :run",
        '{"input": 3, "workflow": []}',
    ),
    "decisions that are no JSON": ("UPDATE decisions SET payload = :text WHERE run_id = :run", "[[["),
    "decisions of another kind": ("UPDATE decisions SET payload = :text WHERE run_id = :run", '{"0": "x"}'),
    "decisions without end": ("UPDATE decisions SET payload = :text WHERE run_id = :run", '{"0": 1e999}'),
    "decisions of samples without end": (
        "UPDATE decisions SET payload = :text WHERE kind = 'allocate' AND run_id = :run",
        '{"0": 2147483648}',
    ),
    "a budget without end": ("UPDATE runs SET spec = :text WHERE id = :run", _BUDGET),
    "no decisions": ("UPDATE decisions SET payload = :text WHERE run_id = :run", "null"),
    "nodes of ten million characters": ("UPDATE nodes SET text = :text WHERE run_id = :run", "\n" * 10**7),
    "answers with escapes": (
        "UPDATE nodes SET answer = :text WHERE run_id = :run",
        "\x1b]0;x\x07[/x]\x100000",
    ),
    "nodes in a circle": ("UPDATE nodes SET parent = id, feedback = :text WHERE run_id = :run", "x"),
    "checkpoints that are none": (
        "UPDATE lg_checkpoints SET checkpoint = CAST(:text AS {bytes}) WHERE CAST(thread_id AS {text}) = :run",
        "\x7f" * 99,
    ),
    "another model": ("UPDATE runs SET model = :text WHERE id = :run", "openai-compatible:[/x]\x1b]0;x\x07"),
}
"""Changes of other rows of a run: a statement, and the text that it sets."""
