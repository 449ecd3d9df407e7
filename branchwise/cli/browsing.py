"""Web runs on the command line: show progress, ask before writes, print the answer."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from branchwise.cli import console
from branchwise.cli.console import Terminal
from branchwise.cli.exits import Exit, run
from branchwise.cli.showing import print_bill
from branchwise.cli.solving import how_to_resume
from branchwise.environments.spec import EnvironmentSpec
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.result import ApprovalRequest, WebResult
from branchwise.graphs.web.run import RunHooks, browse, resume_web
from branchwise.settings.schema import ChosenModel
from branchwise.store.database.dialects import file_of
from branchwise.store.database.locate import locate
from branchwise.store.records import Budget

_BLIND = (
    "The embedded model cannot drive pages: it picks actions about at random "
    "(docs/web.md). Name a larger one with --model."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowseOptions:
    """Options of `branchwise web`."""

    goal: str
    environment: str
    own: Mapping[str, object]
    """The environment's options."""
    chosen: ChosenModel
    options: WebOptions
    budget: Budget
    seed: int
    prompts: Path | None
    screenshots: bool
    store: str | None


def browsing(errand: BrowseOptions, *, as_json: bool) -> None:
    """Search, print the result, exit."""

    async def work(hooks: RunHooks) -> WebResult:
        return await browse(
            errand.goal,
            EnvironmentSpec(name=errand.environment, options=errand.own),
            **errand.chosen.arguments,
            options=errand.options,
            budget=errand.budget,
            store=errand.store,
            seed=errand.seed,
            prompts=errand.prompts,
            screenshots=_folder(errand.store) if errand.screenshots else None,
            hooks=hooks,
        )

    if errand.chosen.spec.partition(":")[0] == "embedded":
        console.err().print(_BLIND, soft_wrap=True)
    _show(work, errand.store, as_json=as_json)


def go_on(
    run_id: str,
    *,
    store: str | None,
    answer: bool | None,
    auto_approve: bool,
    options: Mapping[str, Any],
    as_json: bool,
) -> None:
    """Resume a web run, print the result, exit; `options` are those of `resume`."""

    async def work(hooks: RunHooks) -> WebResult:
        return await resume_web(
            run_id, store=store, answer=answer, auto_approve=auto_approve, hooks=hooks, **options
        )

    _show(work, store, as_json=as_json)


def _show(work: Callable[[RunHooks], Awaitable[WebResult]], store: str | None, *, as_json: bool) -> None:
    err = console.err(quiet=as_json)
    began = time.monotonic()
    opened = ""

    def note(run_id: str) -> None:
        nonlocal opened
        opened = run_id
        err.print(f"run {run_id}", style="dim")

    def watch(line: str) -> None:
        err.print(f"{time.monotonic() - began:6.1f} s  {line}", style="dim", soft_wrap=True)

    asks = sys.stdin.isatty() and sys.stderr.isatty() and not as_json

    async def ask(question: ApprovalRequest) -> bool | None:
        return await asyncio.to_thread(_ask, err, question) if asks else None

    async def watched() -> WebResult:
        return await work(RunHooks(watch=watch, opened=note, ask=ask))

    result = run(watched(), when_interrupted=lambda: how_to_resume(opened, store))
    if as_json:
        print(json.dumps(asdict(result)))
    else:
        _print(result, store)
    if result.reason == "waiting":
        raise typer.Exit(Exit.WAITING)
    raise typer.Exit(Exit.SOLVED if result.solved else Exit.NOT_SOLVED)


def _ask(err: Terminal, question: ApprovalRequest) -> bool:
    _put(err, question)
    return typer.confirm("Do it?", default=False, err=True)


def _put(out: Terminal, question: ApprovalRequest) -> None:
    out.print("This action has a lasting effect:", style="bold yellow")
    for number, action in enumerate([*question.path, question.action], 1):
        out.print(f"  {number}. {action}")
    out.print(f"  on {question.url}: {question.reason}", soft_wrap=True)


def _folder(store: str | None) -> Path:
    file = file_of(locate(store))
    return (Path.cwd() if file is None else file.parent) / "screenshots"


def _print(result: WebResult, store: str | None) -> None:
    out = console.out()
    if result.question is not None:
        _put(out, result.question)
        out.print(
            f"The run waits for your approval: {how_to_resume(result.run_id, store, said=' --yes')}",
            soft_wrap=True,
        )
        out.print("(--no rejects this action, --auto-approve approves it and all later ones)", style="dim")
        return
    for number, action in enumerate(result.actions, 1):
        out.print(f"{number}. {action}")
    word = "reached" if result.solved else f"not reached ({result.reason})"
    sure = {"program": "a program checked it", "model": "a model's opinion", "none": "not checked"}
    value = "none" if result.value is None else f"{result.value:.2f}"
    out.print(
        f"goal {word}; value {value}, {sure[result.verified_by]}",
        style="bold green" if result.solved else "yellow",
    )
    if result.answer:
        out.print(f"answer: {result.answer}")
    out.print(f"page: {result.url}")
    for line in result.written:
        out.print(f"committed, not reverted: {line}", style="bold yellow")
    out.print(
        f"run {result.run_id}: {result.visited} pages visited, {result.replayed} actions replayed",
    )
    print_bill(out, result.usage)
    out.print(f"see the tree: branchwise show {result.run_id} --html tree.html", style="dim")
