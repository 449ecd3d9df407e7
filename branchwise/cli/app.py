"""Commands and their options; the work is done behind them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from branchwise.cli import listing
from branchwise.cli.bench import bench
from branchwise.cli.db import db
from branchwise.cli.exits import Exit, run
from branchwise.cli.listing import AsJson
from branchwise.cli.planning import planner
from branchwise.store.errors import BadInput
from branchwise.store.records import Budget
from branchwise.store.rows import OnChange

app = typer.Typer(
    name="branchwise",
    help="Search by language-model agents: durable runs, a planner that picks the strategy.",
    epilog="Exit codes: 0 solved, 1 not solved, 2 bad input, 3 store or model failed, 130 interrupted (resumable).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(bench, name="bench")
app.add_typer(planner, name="planner")
app.add_typer(db, name="db")

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store", envvar="BRANCHWISE_STORE", help="Database URL; default: the SQLite file of `where`."
    ),
]


def _strategies(incomplete: str) -> list[str]:
    from branchwise.graphs import strategies

    return [name for name in ("auto", *strategies.names()) if name.startswith(incomplete)]


def _tasks(incomplete: str) -> list[str]:
    from branchwise.graphs import tasks

    return [name for name in tasks.names() if name.startswith(incomplete)]


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        print(f"branchwise {version('branchwise')}")
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Search by language-model agents: durable runs, a planner that picks the strategy."""


@app.command()
def solve(
    problem: Annotated[str, typer.Argument(help="The problem in words; `-` reads standard input.")] = "",
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the problem from a file.")] = None,
    task: Annotated[str, typer.Option(help="The problem's domain.", autocompletion=_tasks)] = "text",
    strategy: Annotated[str, typer.Option(help="How to search.", autocompletion=_strategies)] = "auto",
    knob: Annotated[
        list[str] | None,
        typer.Option("--knob", "-k", help="A knob of the strategy or option of the run, n=32."),
    ] = None,
    model: Annotated[
        str, typer.Option(help="embedded, openai-compatible:NAME (with --base-url) or litellm:NAME.")
    ] = "embedded",
    base_url: Annotated[str | None, typer.Option(help="Where an OpenAI-compatible server listens.")] = None,
    tokens: Annotated[int | None, typer.Option(help="Budget of tokens.")] = None,
    calls: Annotated[int | None, typer.Option(help="Budget of model calls.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Budget of seconds.")] = None,
    cost: Annotated[float | None, typer.Option(help="Budget of US dollars.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the run.")] = 0,
    prompts: Annotated[
        Path | None, typer.Option(help="Folder of prompts that override the package's.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="Fitted policy table; default: that of `planner fit` for task and model; `none` for none."
        ),
    ] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Solve one problem and print the answer, the tree and the bill."""
    from branchwise.cli.solving import solving

    try:
        text = _problem(problem, file)
        budget = Budget(tokens=tokens, calls=calls, seconds=seconds, cost=cost)
        knobs = dict(_pair(pair) for pair in knob or [])
    except (BadInput, ValueError, OSError) as error:
        Console(stderr=True, highlight=False).print(f"branchwise: {error}", style="red", markup=False)
        raise typer.Exit(Exit.BAD_INPUT) from None
    solving(
        text,
        as_json=as_json,
        task=task,
        strategy=strategy,
        knobs=knobs,
        model=model,
        base_url=base_url,
        budget=budget,
        seed=seed,
        prompts=prompts,
        policy=policy,
        store=store,
    )


def _problem(problem: str, file: Path | None) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8")
    return sys.stdin.read() if problem == "-" else problem


def _pair(text: str) -> tuple[str, int | float | str | bool]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"A knob is written name=value, not `{text}`.")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, {"true": True, "false": False}.get(value.lower(), value)


@app.command()
def resume(
    run_id: Annotated[str, typer.Argument(help="The run; `last` is the newest.")],
    on_change: Annotated[
        OnChange | None,
        typer.Option(
            help="When prompts or code changed since: fail, fork (call anew), accept (what was recorded)."
        ),
    ] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Finish an interrupted run; no call that was committed is made again."""
    from branchwise.cli.solving import resuming

    resuming(run_id, store=store, on_change=on_change, as_json=as_json)


@app.command()
def runs(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """List the runs, newest first."""
    from branchwise.cli.showing import list_runs

    run(list_runs(store, as_json=as_json))


@app.command()
def show(
    run_id: Annotated[str, typer.Argument(help="The run; `last` is the newest.")],
    why: Annotated[bool, typer.Option("--why", help="Also show every decision with its terms.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the tree as one HTML page.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a run: its tree, its answer and its bill."""
    from branchwise.cli.showing import last_run, show_run

    if html is not None:
        from branchwise.cli.viewer.write import write

        run_id = run(last_run(store)) if run_id == "last" else run_id
        run(write(run_id, store, html))
    run(show_run(run_id, store, why=why, as_json=as_json))


@app.command()
def web(
    goal: Annotated[str, typer.Argument(help="What is to be reached, in words.")] = "",
    url: Annotated[str, typer.Option(help="The start page; only its host and port can be reached.")] = "",
    host: Annotated[list[str] | None, typer.Option(help="One more site that may be reached.")] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VARIABLE: typed where an action says {secret:NAME}; never shown or stored."),
    ] = None,
    fork_endpoint: Annotated[
        str | None,
        typer.Option(help="Where the site forks its state; its token is read from BRANCHWISE_FORK_TOKEN."),
    ] = None,
    strategy: Annotated[str, typer.Option(help="How to search.", autocompletion=_strategies)] = "best_first",
    depth: Annotated[int, typer.Option(help="Actions from the start to the deepest page.")] = 5,
    states: Annotated[int, typer.Option(help="Pages judged at most.")] = 20,
    samples: Annotated[int, typer.Option(help="Proposals sampled for one page.")] = 20,
    judgements: Annotated[int, typer.Option(help="Judgements averaged for one page.")] = 20,
    held: Annotated[
        bool, typer.Option(help="Let the model pick among the page's actions; for small models.")
    ] = False,
    screenshots: Annotated[bool, typer.Option(help="Keep a screenshot of every page.")] = True,
    model: Annotated[str, typer.Option(help="As for `solve`.")] = "embedded",
    tokens: Annotated[int | None, typer.Option(help="Budget of tokens.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the run.")] = 0,
    resume: Annotated[str | None, typer.Option(help="Finish this run instead of starting one.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Search for a goal in a real browser; writes that cannot be rewound are held back."""
    from branchwise.cli.browsing import Errand, browsing
    from branchwise.graphs.browse import WebOptions

    options = WebOptions(
        strategy=strategy.replace("-", "_"),
        depth=depth,
        states=states,
        samples=samples,
        judgements=judgements,
        held=held,
    )
    browsing(
        Errand(
            goal=goal,
            url=url,
            hosts=host or [],
            secrets=secret or [],
            fork=fork_endpoint,
            screenshots=screenshots,
            model=model,
            options=options,
            budget=Budget(tokens=tokens),
            seed=seed,
            store=store,
            resume=resume,
            as_json=as_json,
        )
    )


for listed in (listing.strategies, listing.tasks, listing.where):
    app.command()(listed)
