"""`branchwise solve` and `branchwise resume` of a search: progress, then the answer, the tree and the cost."""

from __future__ import annotations

import json
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import typer

from branchwise.cli.console import out
from branchwise.cli.exits import Exit, run
from branchwise.cli.importing import files_named
from branchwise.cli.options import store_option
from branchwise.cli.progress import Progress
from branchwise.cli.showing import print_result, print_tree
from branchwise.graphs.runtime.run import resume as resume_run
from branchwise.graphs.search.pairs import Value, part
from branchwise.graphs.search.request import options_of
from branchwise.graphs.search.result import Result
from branchwise.graphs.search.run import solve as solve_problem
from branchwise.graphs.search.state import SearchEvent
from branchwise.models.conversation import Problem
from branchwise.settings.schema import ChosenModel
from branchwise.store.records import Budget, VerifiedBy

_DEMONSTRATION = (
    "Do not rely on this: the embedded model has 135 million parameters. Its answers to such questions are mostly "
    "wrong, and its judgement of them says nothing; it is here to show how a search runs. Name a larger model with "
    "--model (openai-compatible:NAME, litellm:PROVIDER/NAME, pool:NAME), or say with --require what a program checks."
)


def solving(
    problem: Problem,
    *,
    system: str | None = None,
    task: str,
    strategy: str,
    knobs: Mapping[str, Value],
    chosen: ChosenModel,
    require: Sequence[str],
    budget: Budget,
    seed: int,
    prompts: Path | None,
    policy: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Solve, print the result, exit."""

    async def work(watch: Callable[[SearchEvent], None]) -> Result:
        options, rest = part(strategy, knobs)
        return await solve_problem(
            problem,
            system=system,
            task=task,
            strategy=strategy,
            knobs=rest,
            **chosen.arguments,
            require=require,
            budget=budget,
            seed=seed,
            prompts=prompts,
            policy=policy,
            store=store,
            watch=watch,
            options=options_of(options),
        )

    _show(work, store, as_json=as_json, demonstration=chosen.spec == "embedded")


def resuming(run_id: str, options: Mapping[str, Any], *, store: str | None, as_json: bool) -> None:
    """Resume, print the result, exit; `options` are those of `resume`."""

    async def work(watch: Callable[[SearchEvent], None]) -> Result:
        return cast("Result", await resume_run(run_id, store=store, watch=watch, **options))

    _show(work, store, as_json=as_json)


def _show(
    work: Callable[[Callable[[SearchEvent], None]], Awaitable[Result]],
    store: str | None,
    *,
    as_json: bool,
    demonstration: bool = False,
) -> None:
    opened = ""

    with Progress(silent=as_json) as progress:

        def watch(event: SearchEvent) -> None:
            nonlocal opened
            if event.kind == "opened":
                opened = event.text
            progress(event)

        async def watched() -> Result:
            return await work(watch)

        result = run(watched(), when_interrupted=lambda: how_to_resume(opened, store))
    if as_json:
        print(json.dumps(asdict(result)))
    else:
        page = out()
        run(print_tree(page, result.run_id, store))
        print_result(page, result)
        if demonstration and result.verified_by is not VerifiedBy.PROGRAM:
            page.print(_DEMONSTRATION, style="yellow", soft_wrap=True)
    raise typer.Exit(Exit.SOLVED if result.solved else Exit.NOT_SOLVED)


def how_to_resume(run_id: str, store: str | None, *, said: str = "") -> str:
    """The message on how to continue a run; `said` is appended to its command."""
    if not run_id:
        return "Nothing was spent."
    at = store_option(store) + "".join(f" --import {shlex.quote(file)}" for file in files_named())
    return f"Nothing is lost; continue with: branchwise resume {run_id}{said}{at}"
