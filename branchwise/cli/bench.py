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

bench = typer.Typer(
    help="Does search pay here, which strategy, at what cost, how sure?", no_args_is_help=True
)

Seeds = Annotated[int, typer.Option(min=1, help="How often each half of an instance's samples is played.")]
Where = Annotated[
    Path | None,
    typer.Option(
        "--data", envvar="BRANCHWISE_DATA", help="Folder that holds the data; nothing is downloaded."
    ),
]
Benchmark = Annotated[
    str,
    typer.Argument(
        help="A name of `branchwise bench list`, or module:function for your own.",
        autocompletion=completing.tasks,
        metavar="TASK",
    ),
]
Count = Annotated[int, typer.Option(min=1, help="Instances, spread evenly over the benchmark.")]
LeaveOut = Annotated[
    int, typer.Option(min=0, help="Leave every so-many-th instance out, on which settings were chosen.")
]
Repeats = Annotated[int, typer.Option(min=1, help="Runs of each instance.")]
Written = Annotated[
    int | None, typer.Option("--completion-tokens", help="Budget of completion tokens, equal for all.")
]
AtOnce = Annotated[int, typer.Option("--concurrency", min=1, help="Runs at once.")]
Title = Annotated[str | None, typer.Option(help="Name of the report and of its files.")]
Out = Annotated[
    Path | None,
    typer.Option(help="Write Markdown, JSON, one page with plots and the samples into this folder."),
]


@bench.command("run")
def run_(
    task: Benchmark,
    strategies: Annotated[
        str, typer.Option(help="What is compared: `one`, `pool`, `auto`, strategies as NAME:KNOB=VALUE.")
    ] = "one,best_of_n,tree_of_thoughts,rebase,auto",
    arm: Annotated[
        list[str] | None, typer.Option(help="One more, for values that hold a comma.", show_default=False)
    ] = None,
    model: ModelName = None,
    models: Annotated[
        str | None, typer.Option(help="Several models for one table, with commas; instead of --model.")
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
        typer.Option(help="A fitted policy table for `auto`; by default none.", show_default=False),
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
    """Compare strategies live at equal budgets; cut off, the same command goes on where it was."""
    from branchwise.cli.benching import Asked, bench_task
    from branchwise.cli.exits import refuse
    from branchwise.cli.running import import_named
    from branchwise.store.errors import BadInput

    import_named(task, strategies, *(arm or ()), *(require or ()))
    names: list[str | None] = [name.strip() for name in (models or "").split(",") if name.strip()]
    if len(set(names)) < len(names) or (names and model):
        refuse(BadInput("--models names different models, and stands for --model."))
    budget = {
        "completion_tokens": completion_tokens,
        "tokens": tokens,
        "calls": calls,
        "seconds": seconds,
        "cost": cost,
    }
    asked = Asked(
        task=task,
        models=tuple(chosen(name, base_url, model_option, price) for name in names or (model,)),
        data=data,
        file=file,
        require=tuple(require or ()),
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
    bench_task(asked, title or task, (*strategies.split(","), *(arm or ())))


@bench.command()
def ablate(
    task: Benchmark,
    what: Annotated[
        list[str] | None,
        typer.Option(help="constraints, feedback, critique or selector; all where none is named."),
    ] = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    data: Where = None,
    instances: Count = 40,
    leave_out: LeaveOut = 0,
    seeds: Repeats = 3,
    calls: Annotated[int, typer.Option(min=1, help="Budget of model calls, equal for all.")] = 16,
    knob: Knobs = None,
    prompts: PromptFolder = None,
    concurrency: AtOnce = 8,
    out: Out = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Take parts of the method away, one at a time, at equal calls."""
    from branchwise.cli.benching import Asked, bench_task
    from branchwise.evals.live.ablations import ablations

    asked = Asked(
        task=task,
        models=(chosen(model, base_url, model_option, price),),
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
    """Show the benchmarks and how many instances of each are at hand."""
    from branchwise.cli.benching import show_benchmarks

    show_benchmarks(data, as_json=as_json)


@bench.command()
def replay(
    log: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of recorded logs, or files in the replay format; all names where none is given.",
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
    """Run every strategy on recorded samples, at no model cost."""
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
        str, typer.Option(help="Numbers of samples, more than were recorded too.")
    ] = "1,4,16,64",
    seeds: Seeds = 5,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Forecast what more samples would bring, with the error that the forecast had on instances held back."""
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
