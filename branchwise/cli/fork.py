"""`branchwise fork` and `branchwise replay`: another way from any node, and the same way once more."""

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
    Knobs,
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
            help="A place, NODE/VISIT, from which all is asked anew; of a search a node of its tree. "
            "`branchwise show RUN` names them."
        ),
    ] = None,
    given: Annotated[
        str | None, typer.Option("--input", "-i", help="Another input of the workflow: JSON, or @FILE.")
    ] = None,
    strategy: Annotated[
        str | None, typer.Option(help="Another strategy.", autocompletion=completing.strategies_or_auto)
    ] = None,
    knob: Knobs = None,
    model: Annotated[str | None, typer.Option(help="Another model.")] = None,
    base_url: BaseUrl = None,
    tokens: Tokens = None,
    calls: Calls = None,
    seconds: Seconds = None,
    cost: Cost = None,
    seed: Annotated[int | None, typer.Option(help="Another seed.")] = None,
    prompts: Annotated[Path | None, typer.Option(help="Another folder of prompts.")] = None,
    queue: Annotated[
        str | None, typer.Option(help="Leave it to the workers of this queue, not to `branchwise resume`.")
    ] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Begin a new run from an old one; calls that the old one made and the new one repeats are free."""
    from branchwise.cli.running import import_from_here, read_json
    from branchwise.cli.showing import find_run
    from branchwise.cli.solving import how_to_resume
    from branchwise.graphs.runtime.fork import fork as fork_run
    from branchwise.graphs.search.pairs import pairs, part
    from branchwise.store.records import Budget
    from branchwise.store.store import RunRecord

    import_from_here()

    async def work() -> RunRecord:
        options, knobs = part(strategy or "auto", pairs(knob or []))
        limits = {"tokens": tokens, "calls": calls, "seconds": seconds, "cost": cost}
        return await fork_run(
            (await find_run(run_id, store)).id,
            at=at,
            input=None if given is None else read_json(given),
            store=store,
            queue=queue,
            strategy=strategy,
            knobs=knobs,
            options=options,
            model=model,
            base_url=base_url,
            seed=seed,
            prompts=str(prompts) if prompts else None,
            budget=Budget(**limits) if any(limits.values()) else None,  # type: ignore[arg-type]
        )

    new = run(work())
    console.say(json.dumps(asdict(new)) if as_json else new.id)
    if not as_json:
        then = f"branchwise worker --queue {queue}" if queue else how_to_resume(new.id, store).split(": ")[-1]
        console.err().print(f"Go on with: {then}", soft_wrap=True)


def replay(
    run_id: RunId,
    store: StoreUrl = None,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Recompute a finished run from its ledger, with no model, and say where it comes out otherwise."""
    from branchwise.cli.running import import_from_here
    from branchwise.cli.showing import find_run
    from branchwise.graphs.runtime.replay import Replay
    from branchwise.graphs.runtime.replay import replay as replay_run

    import_from_here()

    async def work() -> Replay:
        return await replay_run((await find_run(run_id, store)).id, store=store)

    found = run(work())
    if as_json:
        print(json.dumps({**asdict(found), "exact": found.exact}))
    else:
        _print(found.run_id, f"{found.calls} calls, {found.nodes} nodes, {found.decisions} decisions")
        if found.exact:
            _print("exact", "tree, decisions, answer and bill come out bit for bit as recorded")
        for one in found.differences[:_SHOWN]:
            _print("differs", f"{one.what} `{one.key}`")
            _print("  recorded", one.recorded[:_WIDEST])
            _print("  replayed", one.replayed[:_WIDEST])
        if len(found.differences) > _SHOWN:
            _print("differs", f"and {len(found.differences) - _SHOWN} more (--json lists them all)")
    raise typer.Exit(Exit.SOLVED if found.exact else Exit.NOT_SOLVED)


def _print(label: str, text: str) -> None:
    out().print(f"{label}: {text}", soft_wrap=True)
