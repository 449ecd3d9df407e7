"""`branchwise keys`: API keys of `branchwise serve`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from branchwise.cli import console
from branchwise.cli.console import out
from branchwise.cli.exits import refuse, run
from branchwise.cli.options import AsJson, StoreUrl

keys = typer.Typer(help="Add, list and revoke the API keys of `branchwise serve`.", no_args_is_help=True)


@keys.command()
def add(
    label: Annotated[str, typer.Argument(help="What or whom the key is for.")],
    tokens: Annotated[int | None, typer.Option(help="Tokens of all its runs in a window.")] = None,
    cost: Annotated[float | None, typer.Option(help="US dollars of all its runs in a window.")] = None,
    window: Annotated[
        str, typer.Option(help="Window of these budgets: day, month (30 days) or total.")
    ] = "day",
    tokens_per_run: Annotated[int | None, typer.Option(help="Tokens of one run.")] = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="Runs that start in a minute.")] = None,
    runs_at_once: Annotated[int | None, typer.Option(help="Runs at the same time.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Model that it may use, with * and ?: branchwise/auto, branchwise/*@gsm8k."),
    ] = None,
    priority: Annotated[int, typer.Option(help="Runs of a higher priority wait less.")] = 0,
    days: Annotated[float | None, typer.Option(help="Days until it expires.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, once: only its hash is stored."""
    from branchwise.server.key_options import DAY, limits_of
    from branchwise.store import api_keys
    from branchwise.store.errors import BadInput
    from branchwise.store.runs import new_id
    from branchwise.store.store import Store

    given: dict[str, Any] = {
        "tokens": tokens,
        "cost": cost,
        "window": window,
        "tokens_per_run": tokens_per_run,
        "requests_per_minute": requests_per_minute,
        "runs_at_once": runs_at_once,
        "models": model,
        "priority": priority or None,
    }
    limits = {name: value for name, value in given.items() if value is not None}
    try:
        limits_of(limits)
        if days is not None and not 0 < days < 100_000:
            raise BadInput("A key expires after a number of days above 0.")
    except BadInput as error:
        refuse(error)
    secret, key_id = api_keys.new_secret(), new_id()
    seconds = None if days is None else days * DAY

    async def work() -> api_keys.ApiKey:
        async with Store.opened(store) as db:
            return await db.database.awrite(
                lambda c: api_keys.add(c, key_id, secret, label=label, limits=limits, seconds=seconds)
            )

    made = run(work())
    console.say(json.dumps({**asdict(made), "key": secret}) if as_json else secret)
    if not as_json:
        console.err().print(f"key {made.id}; it is shown only now", style="dim", soft_wrap=True)


@keys.command("list")
def list_keys(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """List the keys with their limits and what their runs spent in the current window."""
    from branchwise.server.key_options import limits_of
    from branchwise.store import api_keys, charges
    from branchwise.store.store import Store

    async def work() -> list[dict[str, Any]]:
        async with Store.opened(store) as db:
            found = []
            for one in await db.database.aread(api_keys.listed):
                limits = limits_of(one.limits).charged
                tokens, cost = await db.database.aread(
                    lambda c, one=one, limits=limits: charges.spent(c, one.id, limits)  # type: ignore[misc]
                )
                found.append({**asdict(one), "spent_tokens": tokens, "spent_cost": cost})
            return found

    found = run(work())
    if as_json:
        print(json.dumps(found))
        return
    page = out()
    for one in found:
        word = "valid" if one["valid"] else "not valid"
        spent = f"{one['spent_tokens']:,} tokens, ${one['spent_cost']:.4f}"
        told = {name: " ".join(v) if isinstance(v, list) else v for name, v in one["limits"].items()}
        limits = ", ".join(f"{name} {value}" for name, value in told.items()) or "no limits"
        page.print(f"{one['id']}  {word}  {one['label']}: {spent}; {limits}", soft_wrap=True)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as `keys list` shows it.")],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key; requests with it are refused from now on; its runs in progress end by themselves."""
    from branchwise.store import api_keys
    from branchwise.store.store import Store

    async def work() -> api_keys.ApiKey:
        async with Store.opened(store) as db:
            return await db.database.awrite(lambda c: api_keys.revoke(c, key_id))

    revoked = run(work())
    console.say(json.dumps(asdict(revoked)) if as_json else f"{revoked.id} revoked")
