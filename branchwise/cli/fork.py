"""`branchwise fork` and `branchwise replay`: branch from any node, or recompute a finished run."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from branchwise.cli import completing, console
from branchwise.cli.console import out
from branchwise.cli.exits import Exit, run
from branchwise.cli.options import (
    AsJson,
    BaseUrl,
    Calls,
    Cost,
    Effects,
    Imports,
    Knobs,
    ModelOption,
    PriceText,
    RunId,
    Seconds,
    StoreUrl,
    Tokens,
    UnsafeSandbox,
)

_SHOWN = 10
_WIDEST = 300


def fork(
    run_id: RunId,
    at: Annotated[
        str | None,
        typer.Option(
            help="NODE/VISIT of the workflow from which calls are made anew; for a search, a node of its tree. "
            "`branchwise show RUN` lists them."
        ),
    ] = None,
    given: Annotated[
        str | None, typer.Option("--input", "-i", help="Another input of the workflow: JSON, or @FILE.")
    ] = None,
    strategy: Annotated[
        str | None, typer.Option(help="Another strategy.", autocompletion=completing.strategies_or_auto)
    ] = None,
    knob: Knobs = None,
    model: Annotated[str | None, typer.Option(help="Another model, as for `solve`.")] = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    tokens: Tokens = None,
    calls: Calls = None,
    seconds: Seconds = None,
    cost: Cost = None,
    effects: Effects = None,
    seed: Annotated[int | None, typer.Option(help="Another seed.")] = None,
    prompts: Annotated[Path | None, typer.Option(help="Use prompts from another folder.")] = None,
    queue: Annotated[
        str | None,
        typer.Option(
            help="Put the new run into this queue for workers; default: run it with `branchwise resume`."
        ),
    ] = None,
    imports: Imports = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Start a new run from an old one; calls that both make are reused at no cost."""
    from branchwise.cli.configured import overriding
    from branchwise.cli.importing import import_from_here, importable
    from branchwise.cli.running import read_json
    from branchwise.cli.showing import find_run
    from branchwise.cli.solving import how_to_resume
    from branchwise.graphs.runtime.fork import fork as fork_run
    from branchwise.graphs.search.pairs import pairs, part
    from branchwise.store.store import RunRecord

    import_from_here(imports)
    strategy = importable(strategy) if strategy else None

    async def work() -> RunRecord:
        options, knobs = part(strategy or "auto", pairs(knob or []))
        limits = {"tokens": tokens, "calls": calls, "seconds": seconds, "cost": cost, "effects": effects}
        named = {name: limit for name, limit in limits.items() if limit is not None}
        return await fork_run(
            (await find_run(run_id, store)).id,
            at=at,
            input=None if given is None else read_json(given),
            store=store,
            queue=queue,
            strategy=strategy,
            knobs=knobs,
            options=options,
            **overriding(model, base_url, model_option, price),
            seed=seed,
            prompts=str(prompts) if prompts else None,
            budget=named or None,
        )

    new = run(work())
    console.say(json.dumps(asdict(new)) if as_json else new.id)
    if not as_json:
        then = f"branchwise worker --queue {queue}" if queue else how_to_resume(new.id, store).split(": ")[-1]
        console.err().print(f"Continue with: {then}", soft_wrap=True)


def replay(
    run_id: RunId,
    imports: Imports = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Recompute a finished run from its ledger, without a model, and report differences."""
    from branchwise.cli.importing import import_from_here
    from branchwise.cli.showing import find_run
    from branchwise.graphs.runtime.replay import Replay
    from branchwise.graphs.runtime.replay import replay as replay_run

    import_from_here(imports)

    async def work() -> Replay:
        return await replay_run((await find_run(run_id, store)).id, store=store)

    found = run(work())
    if as_json:
        print(json.dumps({**asdict(found), "exact": found.exact}))
    else:
        _print(found.run_id, f"{found.calls} calls, {found.nodes} nodes, {found.decisions} decisions")
        if found.exact:
            _print("exact", "tree, decisions, answer and cost are identical to the record")
        for one in found.differences[:_SHOWN]:
            _print("differs", f"{one.what} `{one.key}`")
            _print("  recorded", one.recorded[:_WIDEST])
            _print("  replayed", one.replayed[:_WIDEST])
        if len(found.differences) > _SHOWN:
            _print("differs", f"and {len(found.differences) - _SHOWN} more (--json lists them all)")
    raise typer.Exit(Exit.SOLVED if found.exact else Exit.NOT_SOLVED)


def _print(label: str, text: str) -> None:
    out().print(f"{label}: {text}", soft_wrap=True)
