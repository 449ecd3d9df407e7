"""Command-line options shared by several commands."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from branchwise.cli import completing

RunId = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="The run: its id, a part of it, or `last` for the newest.",
        autocompletion=completing.runs,
    ),
]
StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store", envvar="BRANCHWISE_STORE", help="Database URL; default: the SQLite file of `where`."
    ),
]
Imports = Annotated[
    list[str] | None,
    typer.Option(
        "--import",
        help="Module or FILE.py with code of yours that runs name, besides the installed workflows.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
TaskName = Annotated[
    str,
    typer.Option(
        "--task",
        help="The problem's domain: a name of `branchwise tasks`, or FILE.py:function or module:function of your own.",
        autocompletion=completing.tasks,
    ),
]
StrategyName = Annotated[
    str,
    typer.Option(
        "--strategy",
        help="Search strategy, also FILE.py:function or module:function; `auto` lets the planner choose.",
        autocompletion=completing.strategies_or_auto,
    ),
]
Knobs = Annotated[
    list[str] | None,
    typer.Option(
        "--knob", "-k", help="Set a knob of the strategy or an option of the search, for example n=32."
    ),
]
Tools = Annotated[
    list[str] | None,
    typer.Option(
        "--tool",
        help="Let steps call a tool: `python`, FILE.py:function, mcp:NAME or corpus:NAME; may be repeated.",
    ),
]
Confidence = Annotated[
    float | None,
    typer.Option(
        "--confidence",
        help="Stop a vote when its leading answer is ahead with this probability, for example 0.95.",
        show_default=False,
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="embedded (the default), pool:NAME, openai-compatible:NAME (with --base-url or $OPENAI_BASE_URL), "
        "litellm:NAME, or a name of the settings.",
        show_default=False,
    ),
]


def _trusted(url: str | None) -> str | None:
    """Allow a server named on the command line to receive the key."""
    if url:
        from branchwise.models.base_url import parse
        from branchwise.models.keys import allow
        from branchwise.store.errors import BadInput

        try:
            allow(str(parse(url)))
        except BadInput as error:
            raise typer.BadParameter(str(error)) from None
    return url


def store_option(store: str | None) -> str:
    """The `--store` option of a suggested command, without the password; empty if the environment names the store."""
    if not store or store == os.environ.get("BRANCHWISE_STORE"):
        return ""
    from branchwise.store.redaction import Redaction

    return f" --store {shlex.quote(Redaction({}).message(store))}"


BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        help="URL of an OpenAI-compatible server; it receives the key in $OPENAI_API_KEY.",
        callback=_trusted,
    ),
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model-option",
        "-m",
        help="An option of the model: max_tokens=8192, temperature=1, temperature.verifier=0, reasoning_effort=low, "
        "extra_body.top_k=20, headers.X-Team=a, timeout=60, api_key_env=VARIABLE, price=IN,OUT.",
        show_default=False,
    ),
]
PriceText = Annotated[
    str | None,
    typer.Option(
        "--price",
        metavar="IN,OUT[,CACHED]",
        envvar="BRANCHWISE_PRICE",
        help="US dollars for a million tokens read, written and, where it differs, cached.",
    ),
]
Required = Annotated[
    list[str] | None,
    typer.Option(
        "--require",
        help="A requirement on the whole reply: words=50..100, contains=TEXT, forbids=WORD, language=de, json, "
        "schema=FILE, pattern=REGEX, tests=FILE.py, module:function, ... (docs/requirements.md).",
        show_default=False,
    ),
]
Tokens = Annotated[int | None, typer.Option("--tokens", help="Budget of tokens.")]
Calls = Annotated[int | None, typer.Option("--calls", help="Budget of model calls.")]
Seconds = Annotated[float | None, typer.Option("--seconds", help="Budget of seconds.")]
Cost = Annotated[float | None, typer.Option("--cost", help="Budget of US dollars.")]
Effects = Annotated[
    int | None, typer.Option("--effects", help="Budget of effects: functions called, actions executed.")
]
InputJson = Annotated[str, typer.Option("--input", "-i", help="Input of the graph: JSON, or @FILE.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the run.")]
PromptFolder = Annotated[
    Path | None, typer.Option("--prompts", help="Folder of prompts that override the package's.")
]
PolicyName = Annotated[
    str | None,
    typer.Option(
        "--policy",
        help="Fitted policy table; default: that of `planner fit` for task and model; `none` for none.",
    ),
]


def _unsafe(value: bool) -> bool:
    if value:
        from branchwise.environments.sandbox.bubblewrap import allow_unsafe

        allow_unsafe()
    return value


UnsafeSandbox = Annotated[
    bool,
    typer.Option(
        "--unsafe-sandbox",
        callback=_unsafe,
        help="If bubblewrap does not work, run programs written by a model with your own rights.",
    ),
]
Queue = Annotated[str, typer.Option("--queue", help="Name of the queue.")]
