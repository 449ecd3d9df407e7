"""Options that several commands share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from branchwise.store.errors import BadInput


def _strategies(incomplete: str) -> list[str]:
    from branchwise.graphs import strategies

    return [name for name in ("auto", *strategies.names()) if name.startswith(incomplete)]


def _tasks(incomplete: str) -> list[str]:
    from branchwise.graphs import tasks

    return [name for name in tasks.names() if name.startswith(incomplete)]


StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store", envvar="BRANCHWISE_STORE", help="Database URL; default: the SQLite file of `where`."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
TaskName = Annotated[str, typer.Option("--task", help="The problem's domain.", autocompletion=_tasks)]
StrategyName = Annotated[str, typer.Option("--strategy", help="How to search.", autocompletion=_strategies)]
Knobs = Annotated[
    list[str] | None,
    typer.Option("--knob", "-k", help="A knob of the strategy or option of the run, n=32."),
]
ModelName = Annotated[
    str,
    typer.Option(
        "--model", help="embedded, pool:NAME, openai-compatible:NAME (with --base-url) or litellm:NAME."
    ),
]
BaseUrl = Annotated[str | None, typer.Option("--base-url", help="Where an OpenAI-compatible server listens.")]
Tokens = Annotated[int | None, typer.Option("--tokens", help="Budget of tokens.")]
Calls = Annotated[int | None, typer.Option("--calls", help="Budget of model calls.")]
Seconds = Annotated[float | None, typer.Option("--seconds", help="Budget of seconds.")]
Cost = Annotated[float | None, typer.Option("--cost", help="Budget of US dollars.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the run.")]
PromptFolder = Annotated[
    Path | None, typer.Option("--prompts", help="Folder of prompts that override the package's.")
]
Queue = Annotated[str, typer.Option("--queue", help="Name of the queue.")]


def read_knobs(pairs: list[str] | None) -> dict[str, int | float | str | bool]:
    """Read `name=value` pairs.

    Raises:
        BadInput: One has no `=`.
    """
    return {name: _scalar(value) for name, value in _pairs(pairs, "A knob")}


def read_options(pairs: list[str] | None) -> dict[str, object]:
    """Read `name=value` pairs whose values may be JSON lists and objects too.

    Raises:
        BadInput: One has no `=`, or its list or object is not JSON.
    """
    return {name: _value(value) for name, value in _pairs(pairs, "An option")}


def _pairs(pairs: list[str] | None, what: str) -> Iterator[tuple[str, str]]:
    for text in pairs or []:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"{what} is written name=value, not `{text}`.")
        yield name, value


def _scalar(value: str) -> int | float | str | bool:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(value.lower(), value)


def _value(value: str) -> object:
    if not value.startswith(("[", "{")):
        return _scalar(value)
    try:
        return json.loads(value)
    except ValueError as error:
        raise BadInput(f"`{value}` is not JSON: {error}.") from error
