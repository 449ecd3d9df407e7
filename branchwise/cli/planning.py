"""`branchwise planner`: fit and show policy tables learnt from labelled runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from branchwise.agents.planning.policy_table import PolicyRow, PolicyTable, RankedStrategy
from branchwise.cli import completing, console
from branchwise.cli.console import out
from branchwise.cli.exits import run
from branchwise.cli.options import AsJson, StoreUrl
from branchwise.store.errors import BadInput

planner = typer.Typer(help="Fit and show the planner's policy table.", no_args_is_help=True)


@planner.command()
def fit(
    log: Annotated[
        Path | None,
        typer.Argument(help="A log in the replay format, with labels; without it, runs of the store."),
    ] = None,
    task: Annotated[
        str, typer.Option(help="Task of the store's runs.", autocompletion=completing.tasks)
    ] = "text",
    model: Annotated[str, typer.Option(help="Model of the store's runs.")] = "embedded",
    labels: Annotated[
        Path | None,
        typer.Option(help="JSON object {run id: right answer}, for runs that no program judged."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File of the table; default: the place where `solve` looks for it.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Replays of each half of an instance's samples.")] = 5,
    store: StoreUrl = None,
) -> None:
    """Fit a policy table from recorded samples, or from the runs of a store: their samples and their outcomes."""
    from branchwise.evals.fit_planner import fit_planner
    from branchwise.evals.log import Log
    from branchwise.graphs.search.policies import default_path

    async def work() -> None:
        if log is not None:
            table = fit_planner(Log.read(log), seeds=seeds)
        else:
            table = await _of_store(task, model, labels, store, seeds)
        path = out or default_path(str(table.source["task"]), str(table.source["model"]))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table.dumps() + "\n", encoding="utf-8")
        console.say(f"Wrote {path}.")

    run(work())


async def _of_store(task: str, model: str, labels: Path | None, store: str | None, seeds: int) -> PolicyTable:
    from branchwise.evals.fit_planner import fit_store
    from branchwise.store.store import Store

    async with Store.opened(store) as opened:
        known = _labels(labels) if labels is not None else None
        return await fit_store(opened, task, model, labels=known, seeds=seeds)


def _labels(path: Path) -> Mapping[str, str]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"`{path}` cannot be read as JSON: {error}") from error
    if not isinstance(read, dict) or not all(isinstance(answer, str) for answer in read.values()):
        raise BadInput(f"`{path}` must be one JSON object that maps run ids to right answers, both strings.")
    return read


@planner.command()
def show(
    table: Annotated[
        Path | None, typer.Argument(help="A policy table; default: all tables in the default folder.")
    ] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the planner's estimates and how many runs they rest on: fitted tables, and rewards in the store."""
    from branchwise.evals.terminal import grid
    from branchwise.graphs.search.policies import folder
    from branchwise.store.store import Store

    async def work() -> None:
        if table is not None and not table.is_file():
            raise BadInput(f"There is no policy table `{table}`.")
        paths = [table] if table is not None else sorted(folder().glob("*.json"))
        tables = {str(path): PolicyTable.loads(path.read_text(encoding="utf-8")) for path in paths}
        if table is None:
            async with Store.opened(store) as opened:
                seen = await opened.believed()
        else:
            seen = {}
        if as_json:
            shown: dict[str, object] = {path: json.loads(read.dumps()) for path, read in tables.items()}
            if seen:
                shown["store"] = [[*key, *pair] for key, pair in seen.items()]
            print(json.dumps(shown))
            return
        if not paths:
            out().print(
                f"No table was fitted yet: runs use the default policy. Fitted tables go into {folder()}.",
            )
        for path, read in tables.items():
            columns = ("difficulty", "tokens", "instances", "choices")
            out().print(grid(f"Policy table {path}", columns, [_row(read, row) for row in read.rows]))
            out().print(_audit(read))
        if seen:
            first = [(*key, str(runs), f"{total / runs:.2f}") for key, (runs, total) in seen.items()]
            words = ("task", "model", "strategy", "runs", "mean reward")
            out().print(grid("First trials in the store; used with --knob memory=true", words, first))

    run(work())


def _row(table: PolicyTable, row: PolicyRow) -> tuple[str, ...]:
    choices = ", ".join(f"{c.strategy} {dict(c.knobs)} ({_belief(c)})" for c in row.choices)
    return table.describe(row.bin), str(row.tokens), str(row.instances), choices


def _belief(choice: RankedStrategy) -> str:
    return f"{choice.prior:.2f}, {choice.runs} runs" if choice.runs else f"{choice.prior:.2f}"


def _audit(table: PolicyTable) -> str:
    if table.audit is None:
        return "verifier: not audited (a program judged, or there were no labels)"
    worth = table.audit.samples()
    return (
        f"verifier, on {table.audit.labels} labels: completeness {table.audit.completeness:.2f}, soundness "
        f"{table.audit.soundness:.2f}; {'no limit to the' if worth is None else worth} samples that pay"
    )
