"""Does search pay on the model's own words? IFEval's rules as requirements, at equal completion tokens.

Run `python benchmarks/requirements_live.py --data DATA --model embedded`; any model of `branchwise solve --model` will
do. Cut off, the same command goes on where it was; with --minutes it begins no prompt after that time and reports on
those that are done. The prompts are shown their rules in every arm, one sample included,
so that what the arms differ by is search: samples, revisions with feedback, trees. A sample has at most 220 tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from pathlib import Path

from branchwise.evals.live.outcome import GradedRun
from branchwise.evals.live.report import live_report
from branchwise.evals.live.requirements import ARMS, LONGEST, prompts, with_requirements
from branchwise.evals.tables import write
from branchwise.graphs.runtime.resources import opened_engine, opened_store


async def main() -> None:
    """Measure and write the report."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--data", type=Path)
    ask.add_argument("--model", default="embedded")
    ask.add_argument("--base-url")
    ask.add_argument("--prompts", type=int, default=100)
    ask.add_argument("--seeds", type=int, default=2)
    ask.add_argument("--tokens", type=int, default=8 * LONGEST, help="completion tokens of a run")
    ask.add_argument("--minutes", type=float, default=math.inf)
    ask.add_argument("--arms", default=",".join(ARMS))
    ask.add_argument("--store", default="sqlite:///requirements_live.sqlite")
    ask.add_argument("--out", type=Path, default=Path(__file__).parent / "live")
    asked = ask.parse_args()

    def said(outcome: GradedRun) -> None:
        print(outcome.instance, outcome.arm, outcome.seed, "right" if outcome.right else "wrong", flush=True)

    chosen = prompts(asked.data, asked.prompts)
    ends = time.monotonic() + 60 * asked.minutes
    async with opened_store(asked.store) as store, opened_engine(asked.model, asked.base_url) as engine:
        found = await with_requirements(
            chosen,
            store,
            engine,
            seeds=asked.seeds,
            tokens=asked.tokens,
            arms=asked.arms.split(","),
            done=said,
            late=lambda: time.monotonic() > ends,
        )
    measured = list(dict.fromkeys(outcome.instance for outcome in found))
    facts = {
        "Model": asked.model,
        "Prompts": f"{len(measured)} of {len(chosen)}: {', '.join(measured)}",
        "Seeds": ", ".join(map(str, range(asked.seeds))),
        "Budget of a run": f"{asked.tokens} completion tokens, {LONGEST} a sample",
    }
    report = live_report("requirements", found, facts)
    write([report], asked.out, page_name="requirements")


if __name__ == "__main__":
    asyncio.run(main())
