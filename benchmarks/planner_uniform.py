"""Is `auto` at least as good as the best fixed strategy? Live runs of the uniform model at equal completion tokens.

Run `python -m benchmarks.planner_uniform --data DATA`; cut off, the same command goes on where it was: finished runs
are lines of a file. Every arm is run on the same instances with the same seeds and the same options; a fixed strategy
begins again until it has spent its budget. The best fixed strategy is chosen for each task and budget on other
instances.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from benchmarks.planner_instances import untouched
from branchwise import tasks
from branchwise.evals.live.arm import arm
from branchwise.evals.live.experiment import Experiment, carry_out
from branchwise.evals.planning import cross_validated
from branchwise.models.uniform import uniform
from branchwise.statistics.bootstrap import bootstrap, paired
from branchwise.statistics.holm import holm, p_worse
from branchwise.store.records import Budget
from branchwise.store.store import Store
from branchwise.tasks.domains.instances import Instance

BUDGETS: Mapping[str, tuple[int, int, int]] = {
    "calendar": (80, 160, 640),
    "game24": (200, 400, 1600),
    "blocksworld": (240, 480, 1920),
}
"""About 5, 10 and 40 whole solutions."""
FIXED = ("tree_of_thoughts", "rebase", "best_of_n")
Key = tuple[str, int, str, str, int]
"""Task, place of the budget, arm, instance, seed."""
Unit = tuple[str, int, Instance, int]
"""Task, place of the budget, instance, seed."""


def read(path: Path) -> dict[Key, bool]:
    """The finished runs: whether each was solved."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {tuple(key): right for key, right in map(json.loads, lines)}  # type: ignore[misc]


async def measure(asked: argparse.Namespace, done: dict[Key, bool], path: Path) -> None:
    """Make the runs that are not done yet; each is written down when it has ended."""
    arms = ["auto", *FIXED]
    chosen = {
        t: untouched(t, tuple(tasks.benchmark(t).instances(asked.data)), asked.instances, part=asked.part)
        for t in asked.tasks
    }
    units: list[Unit] = [
        (task, place, instance, seed)
        for seed in range(asked.seeds)
        for place in asked.places
        for task in asked.tasks
        for instance in chosen[task]
    ]
    # A store for some runs only: making its tables takes longer than a short run, and a large one is slow.
    for begin in range(0, len(units), 20):
        async with Store.opened("sqlite://") as store:
            for unit in units[begin : begin + 20]:
                await _measured(unit, arms, store, done, path)


async def _measured(unit: Unit, arms: Sequence[str], store: Store, done: dict[Key, bool], path: Path) -> None:
    """Make the runs of one instance, budget and seed that are not done yet."""
    task, place, instance, seed = unit
    for name in arms:
        key: Key = (task, place, name, instance.id, seed)
        if key in done:
            continue
        experiment = Experiment(
            task=task,
            model="uniform",
            arms=(arm(name),),
            instances=(instance,),
            seeds=1,
            first_seed=seed,
            budget=Budget(completion_tokens=BUDGETS[task][place]),
        )
        [outcome] = await carry_out(experiment, store, uniform())
        done[key] = outcome.right
        with path.open("a") as file:
            file.write(json.dumps([key, outcome.right]) + "\n")


def rates(done: Mapping[Key, bool], task: str, place: int) -> dict[str, list[float]]:
    """Each instance's share of solved runs by arm, over instances and seeds that every arm has."""
    arms = ("auto", *FIXED)
    seen: dict[str, dict[int, dict[str, bool]]] = {}
    for (t, p, name, instance, seed), right in done.items():
        if (t, p) == (task, place):
            seen.setdefault(instance, {}).setdefault(seed, {})[name] = right
    found: dict[str, list[float]] = {name: [] for name in arms}
    for seeds in seen.values():
        whole = [by for by in seeds.values() if len(by) == len(arms)]
        for name in arms if whole else ():
            found[name].append(fmean(by[name] for by in whole))
    return found


def best_fixed(found: Mapping[str, Sequence[float]]) -> list[float]:
    """The share solved by the strategy that is best on other instances."""

    def fit(train: list[int]):  # type: ignore[no-untyped-def]
        name = max(FIXED, key=lambda a: sum(found[a][i] for i in train))
        return lambda i: (found[name][i], 0.0)

    return list(cross_validated(len(found["auto"]), fit).right)


def report(done: Mapping[Key, bool]) -> Iterator[str]:
    """The tables as Markdown: each task and budget, then all tasks in one queue."""
    cells = {(t, p): rates(done, t, p) for t in BUDGETS for p in range(3)}
    cells = {key: found for key, found in cells.items() if len(found["auto"]) >= 5}
    fixed = {key: best_fixed(found) for key, found in cells.items()}
    worse = holm([p_worse([a - b for a, b in zip(cells[k]["auto"], fixed[k], strict=True)]) for k in cells])
    yield (
        "| task, tokens | instances | auto | "
        + " | ".join(FIXED)
        + " | auto - best fixed [95 %] | p worse (Holm) |"
    )
    yield "|---|---|---|" + "---|" * len(FIXED) + "---|---|"
    for (key, found), p in zip(cells.items(), worse, strict=True):
        shares = [f"{100 * fmean(found[a]):.1f}" for a in ("auto", *FIXED)]
        gain = paired(found["auto"], fixed[key]).percent()
        name = f"{key[0]} {BUDGETS[key[0]][key[1]]:,}"
        yield f"| {name} | {len(found['auto'])} | {' | '.join(shares)} | {gain} | {p:.3f} |"
    yield ""
    yield (
        "| budget, all tasks | auto - best fixed [95 %] | " + " | ".join(f"auto - {a}" for a in FIXED) + " |"
    )
    yield "|---|---|" + "---|" * len(FIXED)
    for place, name in enumerate(("5 solutions", "10 solutions", "40 solutions")):
        keys = [key for key in cells if key[1] == place]
        if not keys:
            continue
        gains = [a - b for k in keys for a, b in zip(cells[k]["auto"], fixed[k], strict=True)]
        queue = [
            bootstrap(
                [a - b for k in keys for a, b in zip(cells[k]["auto"], cells[k][f], strict=True)]
            ).percent()
            for f in FIXED
        ]
        yield f"| {name} | {bootstrap(gains).percent()} | {' | '.join(queue)} |"


def main() -> None:
    """Measure, then print the tables."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--data", type=Path)
    ask.add_argument("--instances", type=int, default=24, help="of each task and part, spread evenly")
    ask.add_argument(
        "--part", type=int, default=0, choices=(0, 1), help="which half of the untouched instances"
    )
    ask.add_argument("--seeds", type=int, default=4)
    ask.add_argument("--tasks", nargs="*", default=list(BUDGETS), choices=list(BUDGETS))
    ask.add_argument("--places", nargs="*", type=int, default=[0, 1, 2], help="0, 1, 2: which of the budgets")
    ask.add_argument("--kept", type=Path, default=Path("planner_uniform.jsonl"), help="finished runs")
    ask.add_argument("--report", action="store_true", help="only report what is there")
    asked = ask.parse_args()
    done = read(asked.kept)
    if not asked.report:
        asyncio.run(measure(asked, done, asked.kept))
    print("\n".join(report(done)))


if __name__ == "__main__":
    main()
