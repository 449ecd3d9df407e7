"""`branchwise batch`: a file of problems in, a file of results out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from branchwise.cli.engines import Actors, Address, Cpus, Engine, Least, Most, OnRay
from branchwise.cli.exits import Exit, refuse, run
from branchwise.cli.options import (
    BaseUrl,
    Imports,
    Knobs,
    ModelName,
    ModelOption,
    PriceText,
    Seed,
    StoreUrl,
    StrategyName,
    TaskName,
    Tokens,
)
from branchwise.store.errors import BadInput


def batch(
    file: Annotated[
        Path, typer.Argument(metavar="IN.jsonl", help="Problems, as `branchwise submit` takes them.")
    ],
    to: Annotated[Path, typer.Argument(metavar="OUT.jsonl", help="Results in the order of the problems.")],
    task: TaskName = "text",
    strategy: StrategyName = "auto",
    knob: Knobs = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    tokens: Tokens = None,
    seed: Seed = 0,
    concurrency: Annotated[
        int, typer.Option(min=1, help="Runs worked on at the same time, by each actor.")
    ] = 4,
    engine: Engine = "local",
    address: Address = None,
    actors: Actors = None,
    least: Least = None,
    most: Most = None,
    cpus: Cpus = 0.25,
    imports: Imports = None,
    store: StoreUrl = None,
) -> None:
    """Solve a file of problems; the same command again continues what was interrupted, repeating no completed call."""
    from branchwise.cli.configured import chosen
    from branchwise.cli.importing import importable
    from branchwise.cli.queued import read_lines, working_somewhere
    from branchwise.cli.rows import rows
    from branchwise.graphs.search.pairs import pairs, part
    from branchwise.graphs.search.request import options_of
    from branchwise.graphs.search.submit import submit
    from branchwise.store.json_text import to_json
    from branchwise.store.records import Budget

    task, strategy = importable(task), importable(strategy)

    async def queue_of() -> str:
        problems = list(read_lines(file))
        given, knobs = part(strategy, pairs(knob or []))
        asked: dict[str, Any] = {
            **chosen(model, base_url, model_option, price).arguments,
            "task": task,
            "strategy": strategy,
            "knobs": knobs,
            "options": options_of(given),
            "budget": Budget(tokens=tokens),
            "seed": seed,
        }
        name = f"batch-{hashlib.sha256(to_json([problems, repr(asked)]).encode()).hexdigest()[:32]}"
        if not await rows((), status=None, queue=name, task=None, limit=1, url=store):
            await submit(problems, store=store, queue=name, **asked)
        return name

    if to.exists():
        refuse(BadInput(f"`{to}` is there already; name another file, or delete it."))
    queue = run(queue_of())
    working_somewhere(
        {"queue": queue, "concurrency": concurrency, "until_empty": True, "ttl": 60.0},
        engine=engine,
        on_ray=OnRay(address=address, actors=actors, least=least, most=most, cpus=cpus),
        imports=imports or [],
        store=store,
        as_json=False,
    )
    found = run(rows((), status=None, queue=queue, task=None, limit=None, url=store))
    if any(row["status"] in {"queued", "running"} for row in found):
        raise typer.Exit(Exit.INTERRUPTED)  # interrupted: the same command continues
    _save(to, [json.dumps(row) for row in found])


def _save(path: Path, lines: list[str]) -> None:
    """Write all lines or none."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        refuse(BadInput(f"`{path}` cannot be written: {error.strerror}."))
