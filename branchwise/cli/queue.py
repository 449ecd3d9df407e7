"""`branchwise submit`, `worker`, `runs` and `cancel`: the queue of runs and its workers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from branchwise.cli import completing, console
from branchwise.cli.engines import Actors, Address, Cpus, Engine, Least, Most
from branchwise.cli.exits import run
from branchwise.cli.options import (
    AsJson,
    BaseUrl,
    Calls,
    Cost,
    Effects,
    Imports,
    Knobs,
    ModelName,
    ModelOption,
    PolicyName,
    PriceText,
    PromptFolder,
    Queue,
    Required,
    Seconds,
    Seed,
    StoreUrl,
    StrategyName,
    TaskName,
    Tokens,
    UnsafeSandbox,
    store_option,
)

_err = console.err()
_OF_SEARCH = (
    "--task, --strategy, --policy, --knob and --require are of a search, not of a workflow of your own."
)


def submit(
    file: Annotated[
        Path,
        typer.Argument(
            help="One JSON value a line: a problem's text, or an object with `problem` and, if it differs from the "
            "options here, task, strategy, knobs, budget, priority, seed, model, ...; `-` is standard input."
        ),
    ],
    task: TaskName = "text",
    strategy: StrategyName = "auto",
    knob: Knobs = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    require: Required = None,
    tokens: Tokens = None,
    calls: Calls = None,
    seconds: Seconds = None,
    cost: Cost = None,
    effects: Effects = None,
    seed: Seed = 0,
    prompts: PromptFolder = None,
    policy: PolicyName = None,
    priority: Annotated[int, typer.Option(help="Runs of higher priority start first.")] = 0,
    max_attempts: Annotated[
        int, typer.Option(min=1, help="Claims that may end with a dead worker before the run fails.")
    ] = 3,
    workflow: Annotated[
        str | None,
        typer.Option(help="Workflow to run, module:attribute; each line is then one of its inputs."),
    ] = None,
    queue: Queue = "default",
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Queue problems, all or none, and print their run ids; `branchwise worker` solves them."""
    from branchwise.cli.configured import chosen
    from branchwise.cli.importing import importable
    from branchwise.cli.queued import read_lines
    from branchwise.graphs.runtime.submit import submit_workflow
    from branchwise.graphs.search.pairs import pairs, part
    from branchwise.graphs.search.request import options_of
    from branchwise.graphs.search.submit import submit as enqueue
    from branchwise.store.errors import BadInput
    from branchwise.store.records import Budget

    worker = _worker_for(queue, (workflow or "", task, strategy), store)
    task, strategy = importable(task), importable(strategy)
    require = [importable(one) for one in require or ()]

    async def work() -> list[str]:
        given, knobs = part(strategy, pairs(knob or []))
        options = options_of(given)
        try:
            budget = Budget(tokens=tokens, calls=calls, seconds=seconds, cost=cost, effects=effects)
        except ValueError as error:
            raise BadInput(str(error)) from error
        common: dict[str, Any] = {
            **chosen(model, base_url, model_option, price).arguments,
            "store": store,
            "queue": queue,
            "budget": budget,
            "seed": seed,
            "prompts": str(prompts) if prompts else None,
            "priority": priority,
            "max_attempts": max_attempts,
        }
        if workflow is not None:
            if knob or require or policy is not None or (task, strategy) != ("text", "auto"):
                raise BadInput(_OF_SEARCH)
            return await submit_workflow(importable(workflow), read_lines(file), **common)
        search: dict[str, Any] = {
            "task": task,
            "strategy": strategy,
            "knobs": knobs,
            "options": options,
            "policy": policy,
        }
        return await enqueue(read_lines(file), **search, **common, require=tuple(require))

    ids = run(work())
    console.say(json.dumps(ids) if as_json else "\n".join(ids))
    if not as_json:
        _err.print(f"{len(ids)} queued; solve them with: {worker}", soft_wrap=True)


def _worker_for(queue: str, names: Sequence[str], store: str | None) -> str:
    """The command of a worker that takes runs from a queue and may import the named parts."""
    modules = dict.fromkeys(name.partition(":")[0] for name in names if ":" in name)
    modules.pop("workflow", None)  # a strategy that is an installed workflow
    imports = "".join(f" --import {shlex.quote(module)}" for module in modules)
    named = "" if queue == "default" else f" --queue {shlex.quote(queue)}"
    return f"branchwise worker{named}{imports}{store_option(store)}"


def worker(
    concurrency: Annotated[
        int, typer.Option(min=1, help="Runs worked on at the same time; runs of one model share its engine.")
    ] = 4,
    until_empty: Annotated[
        bool,
        typer.Option(
            "--until-empty", help="Exit when no run of the queue is waiting or running, on any worker."
        ),
    ] = False,
    lease: Annotated[
        float,
        typer.Option(min=0.5, help="Seconds without renewal after which other workers take over its runs."),
    ] = 60.0,
    imports: Imports = None,
    queue: Queue = "default",
    engine: Engine = "local",
    address: Address = None,
    actors: Actors = None,
    least: Least = None,
    most: Most = None,
    cpus: Cpus = 0.25,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve metrics for Prometheus at this port; 0 takes a free one."),
    ] = None,
    metrics_host: Annotated[str, typer.Option(help="Address to bind for them.")] = "127.0.0.1",
    store: StoreUrl = None,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Execute queued runs; start any number of workers on any machine that reaches the store.

    Ctrl-C or SIGTERM returns its runs to the queue; the exit code is 0.
    """
    from branchwise.cli.engines import OnRay
    from branchwise.cli.queued import working_somewhere

    working_somewhere(
        {"queue": queue, "concurrency": concurrency, "until_empty": until_empty, "ttl": lease},
        engine=engine,
        on_ray=OnRay(address=address, actors=actors, least=least, most=most, cpus=cpus),
        imports=imports or [],
        store=store,
        metrics=None if metrics_port is None else (metrics_host, metrics_port),
        as_json=as_json,
    )


def runs(
    status: Annotated[
        str | None,
        typer.Option(
            help="Only runs of this status: queued, running, paused, waiting, done, failed or cancelled.",
            autocompletion=completing.statuses,
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show the queue live until Ctrl-C.")] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first."""
    from branchwise.cli.showing import list_runs
    from branchwise.cli.watching import watch_runs

    if watch:
        run(watch_runs(store, status=status, as_json=as_json))
    else:
        run(list_runs(store, status=status, as_json=as_json))


def cancel(
    run_ids: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="The runs.", autocompletion=completing.runs)
    ],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Cancel waiting or running runs; a worker stops sampling within about a second."""
    from branchwise.cli.showing import find_run
    from branchwise.store.rows import RunRecord
    from branchwise.store.store import Store

    async def work() -> list[RunRecord]:
        found = [await find_run(run_id, store) for run_id in run_ids]
        async with Store.opened(store) as opened:
            return [await opened.cancel(record.id) for record in found]

    ended = run(work())
    lines = (f"{one.id} {one.status}" for one in ended)
    console.say(json.dumps([asdict(one) for one in ended]) if as_json else "\n".join(lines))
