"""`branchwise export`: runs as data for other programs, or as pictures."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from branchwise.cli import completing, console
from branchwise.cli.console import say
from branchwise.cli.exits import refuse, run
from branchwise.cli.options import StoreUrl
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Json
from branchwise.store.store import Store
from branchwise.store.tree import Tree

Writer: TypeAlias = Callable[[Store, str], Awaitable[str]]


async def _svg(store: Store, run_id: str) -> str:
    from branchwise.cli.drawing import svg

    return svg(run_id, await store.nodes(run_id))


async def _mermaid(store: Store, run_id: str) -> str:
    from branchwise.cli.drawing import mermaid

    return mermaid(run_id, await store.nodes(run_id))


async def _json(store: Store, run_id: str) -> str:
    return await store.export(run_id, "json")


async def _dot(store: Store, run_id: str) -> str:
    return await store.export(run_id, "dot")


async def _graphml(store: Store, run_id: str) -> str:
    return await store.export(run_id, "graphml")


async def _node_link(store: Store, run_id: str) -> str:
    return await store.export(run_id, "node-link")


async def _dpo(store: Store, run_id: str) -> str:
    from branchwise.evals.training_data import preference_pairs

    return await _lines(store, run_id, preference_pairs)


async def _prm(store: Store, run_id: str) -> str:
    from branchwise.evals.training_data import step_labels

    return await _lines(store, run_id, step_labels)


async def _otlp(store: Store, run_id: str, also: Collection[str] = ()) -> str:
    from branchwise.integrations.opentelemetry.from_store import spans
    from branchwise.integrations.opentelemetry.otlp import lines

    return "\n".join(lines(await spans(store, run_id, also)))


async def _lines(
    store: Store, run_id: str, records: Callable[[str, Tree], Iterable[Mapping[str, Json]]]
) -> str:
    run = await store.run(run_id)
    problem = run.spec.get("problem") if isinstance(run.spec, Mapping) else None
    tree = await store.nodes(run.id)
    return "".join(f"{json.dumps(one)}\n" for one in records(str(problem or ""), tree))


FORMATS: Mapping[str, tuple[str, Writer]] = {
    "json": ("json", _json),
    "node-link": ("json", _node_link),
    "graphml": ("graphml", _graphml),
    "dot": ("dot", _dot),
    "svg": ("svg", _svg),
    "mermaid": ("mmd", _mermaid),
    "dpo": ("jsonl", _dpo),
    "prm": ("jsonl", _prm),
    "otlp": ("jsonl", _otlp),
}
"""Format -> file suffix and the function that writes one run."""


def export(
    form: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT",
            help="json (complete, for `db import`), node-link, graphml, dot, svg, mermaid; dpo, prm (training); "
            "otlp (traces).",
            autocompletion=completing.exports,
        ),
    ],
    run_ids: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="The runs.", autocompletion=completing.runs)
    ],
    also: Annotated[
        list[str] | None,
        typer.Option(
            help="With otlp: openinference (its attributes, too), content (words of prompts and replies)."
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="Write a file for each run into this folder.")
    ] = None,
    store: StoreUrl = None,
) -> None:
    """Print runs in another format, or write each into a file."""
    if form not in FORMATS:
        refuse(UnknownName("format", form, FORMATS))
    if to is None and len(run_ids) > 1:
        refuse(BadInput("Several runs need a folder for their files: --out FOLDER."))
    ending, write = FORMATS[form]
    if also:
        write = _with(form, also)

    async def work() -> list[tuple[str, str]]:
        from branchwise.cli.showing import find_run

        names = [(await find_run(one, store)).id for one in run_ids]
        async with Store.opened(store) as opened:
            return [(name, await write(opened, name)) for name in dict.fromkeys(names)]

    for name, text in run(work()):
        if to is None:
            console.document(text)
        else:
            _save(to / f"{name}.{ending}", text)


def _with(form: str, also: Collection[str]) -> Writer:
    from branchwise.integrations.opentelemetry.describe import ALSO

    if form != "otlp":
        refuse(BadInput("--also is of the format otlp only."))
    for name in also:
        if name not in ALSO:
            refuse(UnknownName("addition", name, ALSO))
    return partial(_otlp, also=also)


def _save(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        refuse(BadInput(f"`{path}` cannot be written: {error.strerror}."))
    say(str(path))
