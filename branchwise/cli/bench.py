"""`branchwise bench`: evidence from live runs and from recorded samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from branchwise.cli import completing
from branchwise.cli.configured import chosen
from branchwise.cli.exits import run
from branchwise.cli.options import (
    AsJson,
    BaseUrl,
    Calls,
    Cost,
    Knobs,
    ModelName,
    ModelOption,
    PriceText,
    PromptFolder,
    Required,
    Seconds,
    StoreUrl,
    Tokens,
    UnsafeSandbox,
)

bench = typer.Typer(help="Compare strategies: accuracy, cost, confidence intervals.", no_args_is_help=True)

_USUAL = "one,best_of_n,tree_of_thoughts,rebase,auto"

Seeds = Annotated[int, typer.Option(min=1, help="Replays of each half of an instance's samples.")]
Where = Annotated[
    Path | None,
    typer.Option(
        "--data", envvar="BRANCHWISE_DATA", help="Folder that holds the data; nothing is downloaded."
    ),
]
Benchmark = Annotated[
    str,
    typer.Argument(
        help="A name of `branchwise bench list`, or module:function for your own task or workflow.",
        autocompletion=completing.tasks,
        metavar="TASK",
    ),
]
Count = Annotated[int, typer.Option(min=1, help="Instances, spread evenly over the benchmark.")]
LeaveOut = Annotated[
    int, typer.Option(min=0, help="Skip every Nth instance (those used to choose settings).")
]
Repeats = Annotated[int, typer.Option(min=1, help="Runs of each instance.")]
Written = Annotated[
    int | None, typer.Option("--completion-tokens", help="Budget of completion tokens, equal for all arms.")
]
AtOnce = Annotated[int, typer.Option("--concurrency", min=1, help="Runs worked on at the same time.")]
Title = Annotated[str | None, typer.Option(help="Name of the report and of its files.")]
Out = Annotated[
    Path | None,
    typer.Option(help="Write Markdown, JSON, one page with plots and the samples into this folder."),
]


@bench.command("run")
def run_(
    task: Benchmark,
    strategies: Annotated[
        str | None,
        typer.Option(
            help="Arms to compare: `one`, `pool`, `auto`, strategies as NAME:KNOB=VALUE, or workflows as "
            "module:attribute; default: one,best_of_n,tree_of_thoughts,rebase,auto, or the workflow itself."
        ),
    ] = None,
    arm: Annotated[
        list[str] | None, typer.Option(help="Another arm, for values with a comma.", show_default=False)
    ] = None,
    model: ModelName = None,
    models: Annotated[
        str | None, typer.Option(help="Several models in one table, separated by commas; replaces --model.")
    ] = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    data: Where = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            "-f",
            help="Your own instances, JSON lines: problem, id, expected, metadata.",
            show_default=False,
        ),
    ] = None,
    require: Required = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Fitted policy table for `auto`; default: none.", show_default=False),
    ] = None,
    instances: Count = 40,
    leave_out: LeaveOut = 0,
    seeds: Repeats = 3,
    completion_tokens: Written = None,
    tokens: Tokens = None,
    calls: Calls = None,
    seconds: Seconds = None,
    cost: Cost = None,
    knob: Knobs = None,
    prompts: PromptFolder = None,
    concurrency: AtOnce = 8,
    title: Title = None,
    out: Out = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Compare strategies live at equal budgets. Repeat an interrupted command to continue it."""
    from branchwise.cli.benching import BenchOptions, bench_task
    from branchwise.cli.exits import refuse
    from branchwise.cli.importing import importable
    from branchwise.graphs.runtime.registry import names_graph
    from branchwise.store.errors import BadInput

    task = importable(task)
    itself = [task] if names_graph(task) else []
    listed = (_USUAL if strategies is None and not itself else strategies or "").split(",")
    arms = (*itself, *(importable(one.strip()) for one in (*listed, *(arm or ())) if one.strip()))
    names: list[str | None] = [name.strip() for name in (models or "").split(",") if name.strip()]
    if len(set(names)) < len(names) or (names and model):
        refuse(BadInput("--models needs names that differ and cannot be combined with --model."))
    budget = {
        "completion_tokens": completion_tokens,
        "tokens": tokens,
        "calls": calls,
        "seconds": seconds,
        "cost": cost,
    }
    asked = BenchOptions(
        task=task,
        models={name or "": chosen(name, base_url, model_option, price) for name in names or (model,)},
        data=data,
        file=file,
        require=tuple(importable(one) for one in require or ()),
        policy=policy,
        instances=instances,
        leave_out=leave_out,
        seeds=seeds,
        budget=budget,
        knobs=tuple(knob or ()),
        prompts=prompts,
        concurrency=concurrency,
        out=out,
        store=store,
        as_json=as_json,
    )
    bench_task(asked, title or task, arms)


@bench.command()
def ablate(
    task: Benchmark,
    what: Annotated[
        list[str] | None,
        typer.Option(help="constraints, feedback, critique or selector; default: all."),
    ] = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    data: Where = None,
    instances: Count = 40,
    leave_out: LeaveOut = 0,
    seeds: Repeats = 3,
    calls: Annotated[int, typer.Option(min=1, help="Budget of model calls, equal for all arms.")] = 16,
    knob: Knobs = None,
    prompts: PromptFolder = None,
    concurrency: AtOnce = 8,
    out: Out = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Run ablations: remove one part of the method at a time, at equal calls."""
    from branchwise.cli.benching import BenchOptions, bench_task
    from branchwise.evals.live.ablations import ablations

    asked = BenchOptions(
        task=task,
        models={"": chosen(model, base_url, model_option, price)},
        data=data,
        instances=instances,
        leave_out=leave_out,
        seeds=seeds,
        budget={"calls": calls},
        knobs=tuple(knob or ()),
        prompts=prompts,
        concurrency=concurrency,
        out=out,
        store=store,
        as_json=as_json,
    )
    for name, arms in ablations(what or ()).items():
        bench_task(asked, f"{task}-{name}", arms)


@bench.command("list")
def list_(data: Where = None, as_json: AsJson = False) -> None:
    """List the benchmarks and the number of instances found of each."""
    from branchwise.cli.benching import show_benchmarks

    show_benchmarks(data, as_json=as_json)


@bench.command()
def replay(
    log: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of recorded logs, or files in the replay format; default: all known logs.",
            autocompletion=completing.logs,
        ),
    ] = None,
    data: Where = None,
    seeds: Seeds = 5,
    out: Annotated[
        Path | None, typer.Option(help="Write Markdown, JSON and one page with plots into this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a report.")] = False,
) -> None:
    """Replay every strategy on recorded samples, without a model."""
    from branchwise.cli.benching import show
    from branchwise.evals.tables import tables

    async def work() -> None:
        for report in tables(data, only=log or (), seeds=seeds, out=out):
            show(report, as_json=as_json)

    run(work())


@bench.command()
def simulate(
    log: Annotated[
        str, typer.Argument(help="A recorded log or a replay file.", autocompletion=completing.logs)
    ],
    data: Where = None,
    samples: Annotated[
        str, typer.Option(help="Numbers of samples to forecast; they may exceed the recorded ones.")
    ] = "1,4,16,64",
    seeds: Seeds = 5,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Forecast accuracy with more samples, with the forecast's error on held-out instances."""
    from branchwise.cli.benching import show
    from branchwise.evals.forecast import forecast
    from branchwise.evals.tables import plan_of, read_log
    from branchwise.store.errors import BadInput

    async def work() -> None:
        found = read_log(log, data)
        try:
            sizes = tuple(sorted({int(size) for size in samples.split(",")}))
        except ValueError as error:
            raise BadInput(f"Numbers of samples are written like `1,4,16`, not `{samples}`.") from error
        report = forecast(log, found, plan_of(log, found).arm, sizes, seeds=seeds)
        show(report, as_json=as_json)

    run(work())
