"""The commands and their options; other modules do the work."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from branchwise.cli import configured, console, listing
from branchwise.cli.batch import batch
from branchwise.cli.bench import bench
from branchwise.cli.db import db
from branchwise.cli.doctor import doctor
from branchwise.cli.exits import refuse, run
from branchwise.cli.export import export
from branchwise.cli.fork import fork, replay
from branchwise.cli.init import init
from branchwise.cli.keys import keys
from branchwise.cli.mcp import mcp
from branchwise.cli.options import (
    AsJson,
    BaseUrl,
    Calls,
    Confidence,
    Cost,
    Knobs,
    ModelName,
    ModelOption,
    PolicyName,
    PriceText,
    PromptFolder,
    Required,
    RunId,
    Seconds,
    Seed,
    StoreUrl,
    StrategyName,
    TaskName,
    Tokens,
    Tools,
    UnsafeSandbox,
)
from branchwise.cli.planning import planner
from branchwise.cli.pool import pool
from branchwise.cli.prompts import prompts as prompt_files
from branchwise.cli.queue import cancel, runs, submit, worker
from branchwise.cli.renamed_options import ResumeCommand, WebCommand
from branchwise.cli.results import results
from branchwise.cli.resuming import resume
from branchwise.cli.running import answer, run_workflow, workflows
from branchwise.cli.serve import serve
from branchwise.cli.ui import ui
from branchwise.cli.web import web
from branchwise.store.errors import BadInput
from branchwise.store.reading import read_text
from branchwise.store.records import Budget

app = typer.Typer(
    name="branchwise",
    help="Search by language-model agents: durable runs, a planner that picks the strategy.",
    epilog="Exit codes: 0 solved, 1 not solved, 2 bad input, 3 store or model failed, 4 waits for an answer, "
    "130 interrupted (resumable); a worker or pool that is stopped by a signal exits with 0.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(bench, name="bench")
app.add_typer(planner, name="planner")
app.add_typer(db, name="db")
app.add_typer(pool, name="pool")
app.add_typer(keys, name="keys")
app.add_typer(prompt_files, name="prompts")


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        console.say(f"branchwise {version('branchwise')}")
        raise typer.Exit


@app.callback()
def _app(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Read only this settings file.", show_default=False),
    ] = None,
) -> None:
    """Search by language-model agents: durable runs, a planner that picks the strategy."""
    configured.configure(ctx, config)


@app.command()
def solve(
    problem: Annotated[str, typer.Argument(help="Text of the problem; `-` reads standard input.")] = "",
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Read the problem from a file; a .json file must hold messages."),
    ] = None,
    system: Annotated[str | None, typer.Option(help="System prompt, sent before the problem.")] = None,
    task: TaskName = "text",
    strategy: StrategyName = "auto",
    knob: Knobs = None,
    tool: Tools = None,
    confidence: Confidence = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    require: Required = None,
    tokens: Tokens = None,
    calls: Calls = None,
    seconds: Seconds = None,
    cost: Cost = None,
    seed: Seed = 0,
    prompts: PromptFolder = None,
    policy: PolicyName = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Solve one problem; print the answer, the tree and the cost."""
    from branchwise.cli.importing import importable
    from branchwise.cli.solving import solving
    from branchwise.graphs.search.pairs import pairs

    require = [importable(one) for one in require or ()]
    try:
        text = _problem(problem, file)
        budget = Budget(tokens=tokens, calls=calls, seconds=seconds, cost=cost)
        knobs = pairs(knob or [])
        if confidence is not None:
            knobs["confidence"] = confidence
        if tool:
            knobs["tools"] = ",".join(map(importable, tool))
        chosen = configured.chosen(model, base_url, model_option, price)
    except (BadInput, ValueError) as error:
        refuse(error)
    solving(
        text,
        system=system,
        as_json=as_json,
        task=importable(task),
        strategy=importable(strategy),
        knobs=knobs,
        chosen=chosen,
        require=require,
        budget=budget,
        seed=seed,
        prompts=prompts,
        policy=policy,
        store=store,
    )


def _problem(problem: str, file: Path | None) -> str | list[Any]:
    if file is None and problem != "-":
        return problem
    try:
        text = read_text(file or Path("-"), stdin=sys.stdin if file is None else None)
        return json.loads(text) if file is not None and file.suffix == ".json" else text
    except (ValueError, RecursionError) as error:
        raise BadInput(f"`{file}` does not hold messages as JSON: {error}.") from error


app.command("run")(run_workflow)
app.command(cls=ResumeCommand)(resume)
for command in (
    answer,
    workflows,
    runs,
    submit,
    batch,
    worker,
    cancel,
    fork,
    replay,
    results,
    export,
    serve,
    mcp,
    ui,
    init,
    doctor,
):
    app.command()(command)


@app.command()
def show(
    run_id: RunId,
    why: Annotated[bool, typer.Option("--why", help="Also show every decision with its terms.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the tree as one HTML page.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Print its calls as they end, until the run ends.")
    ] = False,
    graph: Annotated[
        bool, typer.Option("--graph", help="Print its workflow's graph as Mermaid text.")
    ] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a run: its tree or its calls, its answer and its cost."""
    from branchwise.cli.showing import find_run, show_run

    run_id = run(find_run(run_id, store)).id
    if graph or follow:
        from branchwise.cli import following

        run(following.graph(run_id, store) if graph else following.follow(run_id, store, as_json=as_json))
        return
    if html is not None:
        from branchwise.cli.viewer.write import write

        run(write(run_id, store, html))
        console.err().print(f"wrote {html}", soft_wrap=True)
    run(show_run(run_id, store, why=why, as_json=as_json))


app.command(cls=WebCommand)(web)


for listed in (listing.strategies, listing.tasks, listing.tools, listing.where):
    app.command()(listed)
