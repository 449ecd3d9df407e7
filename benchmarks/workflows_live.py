"""Do the workflows of papers pay? Each beside Best-of-N at equal tokens, on a task that it is made for.

Run `python benchmarks/workflows_live.py --model embedded`; any model of `branchwise run --model` will do. Cut off, the
same command goes on where it was; with --minutes it begins no instance after that time and reports on those that are
done. Best-of-N is asked the same question with the same material, and may write on each instance as many tokens as
the workflow wrote there, at least one sample (tokens read depend on the engine's cache). Its answer is the most
frequent one.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import workflow_tasks as made

from branchwise.evals.report import Report, Table
from branchwise.evals.tables import write
from branchwise.graphs.runtime.posing import answer_of
from branchwise.graphs.runtime.resources import opened_engine, opened_store
from branchwise.graphs.runtime.run import run
from branchwise.models.protocol import Model
from branchwise.statistics.bootstrap import bootstrap, paired
from branchwise.store.errors import ModelError
from branchwise.store.store import Store

ARMS: Mapping[str, tuple[str, Callable[[int], made.Posed], Mapping[str, Any]]] = {
    "drag": ("drag", made.hops, {}),
    "iterdrag": ("drag", made.hops, {"rounds": 3, "max_tokens": 32}),
    "rerank": ("rerank", made.hops, {"paragraphs": 3, "samples": 2}),
    "medprompt": ("medprompt", made.choice, {}),
    "start": ("start", made.arithmetic, {"kind": "calculation", "max_tokens": 128}),
    "dta": ("dta", made.arithmetic, {"tools": ["python"], "rounds": 2, "max_tokens": 96}),
    "preflexor": ("preflexor", made.arithmetic, {"rounds": 2, "combine": "majority", "max_tokens": 128}),
    "archon": ("archon", made.code, {}),
}
"""By the name in the table: the workflow, its task, and fields of its input besides."""
LEAST = 0.05
"""Accuracy of the better one below which there is no table."""


async def pair(arm: str, seed: int, store: Store, engine: Model) -> tuple[bool, bool, int, int]:
    """The workflow and Best-of-N on one instance: whether each is right, and what each spent."""
    name, pose, more = ARMS[arm]
    posed = pose(seed)
    known = {
        "drag": "question",
        "rerank": "question",
        "start": "problem",
        "dta": "task",
        "preflexor": "question",
    }
    wanted = known.get(name, "")
    given = {
        k: v for k, v in posed.given.items() if not wanted or k not in set(known.values()) or k == wanted
    }
    ours, spent = await told(name, {**given, **more}, f"{arm}-{seed}", store, engine)
    asked = {
        "prompt": posed.prompt,
        "choices": list(posed.choices),
        "longest": posed.longest,
        "tokens": spent,
    }
    theirs, paid = await told("workflow_tasks:graph", asked, f"{arm}-{seed}-best_of_n", store, engine)
    return posed.right(ours), posed.right(theirs), spent, paid


async def told(
    workflow: str, given: Mapping[str, Any], run_id: str, store: Store, engine: Model
) -> tuple[str, int]:
    """The answer of a run, and the tokens that it wrote; "" where it has none."""
    try:
        ended = await run(workflow, given, model=engine, store=store, run_id=run_id)
    except ModelError:
        return "", (await store.usage(run_id, below=True)).completion_tokens
    answer = ended.output.get("answer")
    return answer_of(answer) if answer is not None else "", ended.usage.completion_tokens


def row(arm: str, found: list[tuple[bool, bool, int, int]]) -> tuple[str, ...]:
    """One row of the table."""
    ours, theirs = [float(one[0]) for one in found], [float(one[1]) for one in found]
    pose = ARMS[arm][1]
    gain = paired(ours, theirs)
    spent = f"{fmean(one[2] for one in found):,.0f} / {fmean(one[3] for one in found):,.0f}"
    accuracies = (bootstrap(ours).percent(), bootstrap(theirs).percent())
    return (arm, pose.__name__, str(len(found)), *accuracies, gain.percent(), gain.verdict, spent)


async def main() -> None:
    """Measure and write the report."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--model", default="embedded")
    ask.add_argument("--base-url")
    ask.add_argument("--instances", type=int, default=60)
    ask.add_argument("--minutes", type=float, default=math.inf)
    ask.add_argument("--arms", default=",".join(ARMS), help="NAME, or NAME:INSTANCES, with commas between")
    ask.add_argument("--store", default="sqlite:///workflows_live.sqlite")
    ask.add_argument("--out", type=Path, default=Path(__file__).parent / "live")
    asked = ask.parse_args()
    ends = time.monotonic() + 60 * asked.minutes
    most = {
        name: int(count or asked.instances)
        for name, _, count in (arm.partition(":") for arm in asked.arms.split(","))
    }
    found: dict[str, list[tuple[bool, bool, int, int]]] = {arm: [] for arm in most}
    async with opened_store(asked.store) as store, opened_engine(asked.model, asked.base_url) as engine:
        # one of each task after another, so that a cut leaves all at one number
        for seed in range(max(most.values())):
            for arm, outcomes in found.items():
                if seed < most[arm] and time.monotonic() < ends:
                    outcomes.append(await pair(arm, seed, store, engine))
                    print(seed, arm, *outcomes[-1], flush=True)
    able = {
        a: f for a, f in found.items() if f and max(fmean(o[0] for o in f), fmean(o[1] for o in f)) >= LEAST
    }
    unable = ", ".join(f"{arm} ({len(found[arm])} instances)" for arm in found if arm not in able)
    columns = (
        "workflow",
        "task",
        "instances",
        "accuracy % [95%]",
        "Best-of-N % [95%]",
        "difference [95%]",
        "verdict",
    )
    table = Table(
        title="Workflows beside Best-of-N at equal tokens",
        columns=(*columns, "tokens"),
        rows=tuple(row(arm, outcomes) for arm, outcomes in able.items()),
        note="Intervals by bootstrap over instances; the difference is paired. Tokens written by the workflow / "
        f"by Best-of-N, means of an instance. Both below {LEAST:.0%}, so without a row: {unable or 'none'}.",
    )
    facts = {
        "Model": asked.model,
        "Command": f"python benchmarks/workflows_live.py --model {asked.model} --arms {asked.arms} "
        f"--instances {asked.instances}",
    }
    title = f"workflows_{asked.model.partition(':')[0]}"
    write([Report(title=title, facts=facts, tables=(table,))], asked.out, page_name=title)


if __name__ == "__main__":
    asyncio.run(main())
