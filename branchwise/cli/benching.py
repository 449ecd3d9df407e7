"""Implementation of `branchwise bench run`, `ablate` and `list`: resumable live comparisons with progress."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from branchwise import tasks
from branchwise.cli import console
from branchwise.cli.exits import run
from branchwise.evals.live.arm import arm
from branchwise.evals.live.experiment import Experiment, carry_out, spread
from branchwise.evals.live.outcome import GradedRun
from branchwise.evals.live.own import benchmark_of, check_instances
from branchwise.evals.live.report import live_report
from branchwise.evals.live.samples import samples_log
from branchwise.evals.report import Report
from branchwise.evals.tables import write
from branchwise.evals.terminal import grid, terminal
from branchwise.graphs.runtime.registry import names_graph
from branchwise.graphs.runtime.resources import opened_engine, opened_store
from branchwise.graphs.search.pairs import pairs
from branchwise.graphs.search.policies import policy as policy_text
from branchwise.models import trust
from branchwise.models.protocol import Model
from branchwise.settings.schema import ChosenModel
from branchwise.store.errors import BadInput
from branchwise.store.records import Budget
from branchwise.tasks.requirements import requirements


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchOptions:
    """Options of `bench run` and `bench ablate`, without the arms."""

    task: str
    models: Mapping[str, ChosenModel]
    """By the names that the person gave; with one model the name is of no effect."""
    data: Path | None
    file: Path | None = None
    """The user's own instances."""
    require: tuple[str, ...] = ()
    policy: str | None = None
    instances: int
    leave_out: int
    seeds: int
    budget: Mapping[str, float | None]
    knobs: tuple[str, ...]
    prompts: Path | None
    concurrency: int
    out: Path | None
    store: str | None
    as_json: bool


def bench_task(asked: BenchOptions, title: str, arms: Sequence[str]) -> None:
    """Compare `arms` and show the report."""
    report = run(
        _bench_task(asked, title, arms),
        when_interrupted=lambda: "Nothing is lost; repeat the command to continue.",
    )
    show(report, as_json=asked.as_json)


def show(report: Report, *, as_json: bool) -> None:
    """Print a report as JSON or as tables."""
    if as_json:
        print(report.dumps())
    else:
        terminal(report, console.out())


async def _bench_task(asked: BenchOptions, title: str, arms: Sequence[str]) -> Report:
    if asked.out is not None:
        _check_folder(asked.out)
    experiments = {name: _experiment(asked, model, arms) for name, model in asked.models.items()}
    quiet = asked.as_json or not sys.stderr.isatty()
    outcomes: list[GradedRun] = []
    facts: dict[str, str] = {}
    names: list[str] = []
    with _progress(quiet) as progress:
        bar = progress.add_task(title, total=sum(one.runs for one in experiments.values()))
        async with opened_store(asked.store) as db:
            for name, experiment in experiments.items():
                model = asked.models[name]
                trust(model.spec, model.base_url, model.options.api_key_env)
                async with opened_engine(model.spec, model.base_url, model.options) as engine:
                    found = await carry_out(
                        experiment,
                        db,
                        engine,
                        concurrency=asked.concurrency,
                        done=lambda outcome: progress.update(bar, advance=1),
                    )
                    facts = _facts(experiment, engine)
                outcomes += found if len(experiments) == 1 else _named(name, found)
                names.append(name if name == engine.name else f"{name} ({engine.name})")
    if len(experiments) > 1:
        facts = {name: value for name, value in facts.items() if name != "Model's sha256"}
        facts["Model"] = ", ".join(names)
    report = live_report(title, outcomes, facts)
    if asked.out is not None:
        write((report,), asked.out, page_name=title)
        log = samples_log(asked.task, facts["Model"], f"branchwise bench: {title}", outcomes)
        log.write(asked.out / f"{title}.samples.jsonl")
    return report


def _check_folder(out: Path) -> None:
    """Make the folder of the report, before a token is spent.

    Raises:
        BadInput: It cannot be made, or not be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK):
            raise BadInput(f"`--out {out}` cannot be written to; name another folder.")
    except OSError as error:
        raise BadInput(f"`--out {out}` cannot be made: {error.strerror}; name another folder.") from error


def _named(model: str, outcomes: Sequence[GradedRun]) -> list[GradedRun]:
    """Add the model to each outcome and its arm's name, for a table of several models."""
    return [replace(outcome, arm=f"{outcome.arm} on {model}", model=model) for outcome in outcomes]


def _experiment(asked: BenchOptions, model: ChosenModel, arms: Sequence[str]) -> Experiment:
    benchmark, common = benchmark_of(asked.task, asked.file, asked.require), pairs(asked.knobs)
    chosen = spread(tuple(benchmark.instances(asked.data)), asked.instances, leave_out=asked.leave_out)
    if not chosen:
        raise BadInput(f"The benchmark `{asked.task}` has no instances there.")
    if not any(asked.budget.values()):
        raise BadInput(
            "Strategies are compared at equal budgets: name one, for example --completion-tokens 400."
        )
    if asked.file is not None:
        check_instances(benchmark, chosen)
    return Experiment(
        # Strategies beside a workflow solve its problems as those of the task `text`.
        task="text" if names_graph(asked.task) else asked.task,
        model=model.spec,
        arms=tuple(arm(text, common) for text in arms),
        instances=chosen,
        seeds=asked.seeds,
        budget=Budget(**asked.budget),  # type: ignore[arg-type]
        base_url=model.base_url,
        model_options=model.options,
        prompts=str(asked.prompts) if asked.prompts else None,
        policy="" if asked.policy is None else policy_text(asked.policy, asked.task, model.spec),
        require=tuple(one.stored for one in requirements(asked.require)),
        benchmark=benchmark,
    )


def show_benchmarks(data: Path | None, *, as_json: bool) -> None:
    """Print the benchmarks: task, description, number of instances found."""
    rows = []
    for name in tasks.benchmarks():
        benchmark = tasks.benchmark(name)
        try:
            count: int | None = sum(1 for _ in benchmark.instances(data))
        except BadInput:
            count = None
        rows.append({"task": name, "about": benchmark.task.about, "instances": count})
    if as_json:
        print(json.dumps(rows))
        return
    cells = [
        (
            str(r["task"]),
            str(r["about"]),
            "no data there" if r["instances"] is None else f"{r['instances']:,}",
        )
        for r in rows
    ]
    console.out().print(grid("Benchmarks", ("task", "about", "instances"), cells))


def _facts(experiment: Experiment, engine: Model) -> dict[str, str]:
    file = getattr(engine, "file", None)
    limits = {name: value for name, value in _limits(experiment).items() if value is not None}
    return {
        "Task": experiment.task,
        "Model": engine.name,
        **({"Model's sha256": _sha256(file)} if isinstance(file, Path) else {}),
        "Instances": f"{len(experiment.instances)}: {', '.join(i.id for i in experiment.instances)}",
        "Seeds": ", ".join(map(str, range(experiment.seeds))),
        "Budget of a run": ", ".join(f"{value:,} {name}" for name, value in limits.items()) or "none",
        "Command": f"`branchwise {shlex.join(sys.argv[1:])}`",
        "Python": f"{platform.python_version()} on {platform.machine()}",
    }


def _limits(experiment: Experiment) -> dict[str, float | None]:
    budget = experiment.budget
    return {
        "completion tokens": budget.completion_tokens,
        "tokens": budget.tokens,
        "calls": budget.calls,
        "seconds": budget.seconds,
        "US dollars": budget.cost,
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _progress(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console.err(),
        disable=quiet,
    )
