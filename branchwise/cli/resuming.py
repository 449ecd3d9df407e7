"""`branchwise resume`: continue a run of any workflow."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from branchwise.cli.exits import refuse, run
from branchwise.cli.options import (
    AsJson,
    Calls,
    Cost,
    Effects,
    Imports,
    RunId,
    Seconds,
    StoreUrl,
    Tokens,
    UnsafeSandbox,
)
from branchwise.store.errors import BadInput
from branchwise.store.records import Budget
from branchwise.store.rows import OnChange


def resume(
    run_id: RunId,
    on_change: Annotated[
        OnChange | None,
        typer.Option(
            help="If prompts or code have changed: fail, fork (call again) or accept (use the record)."
        ),
    ] = None,
    from_start: Annotated[
        bool,
        typer.Option("--from-start", help="Begin again, and check every call against the record at no cost."),
    ] = False,
    answer: Annotated[
        bool | None,
        typer.Option(
            "--yes/--no", help="Approve or reject the action (or answer the question) the run waits on."
        ),
    ] = None,
    auto_approve: Annotated[
        bool,
        typer.Option(
            "--auto-approve", help="Web runs: commit irreversible actions from now on without asking."
        ),
    ] = False,
    tokens: Tokens = None,
    calls: Calls = None,
    seconds: Seconds = None,
    cost: Cost = None,
    effects: Effects = None,
    imports: Imports = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Continue an interrupted run; no committed call is repeated. Budgets limit what it may still spend."""
    from branchwise.cli.importing import import_from_here
    from branchwise.cli.showing import find_run

    import_from_here(imports)
    found = run(find_run(run_id, store))
    limits = {"tokens": tokens, "calls": calls, "seconds": seconds, "cost": cost, "effects": effects}
    try:
        more = Budget(**limits) if any(limit is not None for limit in limits.values()) else None  # type: ignore[arg-type]
    except ValueError as error:
        refuse(error)
    options: dict[str, Any] = {"on_change": on_change, "from_start": from_start, "budget": more}
    if found.workflow == "web":
        from branchwise.cli.browsing import go_on

        go_on(
            found.id,
            store=store,
            answer=answer,
            auto_approve=auto_approve,
            as_json=as_json,
            options=options,
        )
    if auto_approve:
        refuse(BadInput(f"The run `{found.id}` is not a web run: it commits no actions."))
    if answer is not None:
        from branchwise.graphs.runtime.answer import answer as say

        run(say(found.id, answer, store=store))
    if found.workflow in {None, "solve"}:
        from branchwise.cli.solving import resuming

        resuming(found.id, options, store=store, as_json=as_json)
    from branchwise.cli.running import shown
    from branchwise.graphs.runtime.run import resume as resume_run

    shown(lambda watch: resume_run(found.id, store=store, watch=watch, **options), store, as_json=as_json)
