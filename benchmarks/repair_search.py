"""Repair ten faulty programs: strategies at equal runs of the programs' tests, on examples/repair.

    python benchmarks/repair_search.py --seeds 3 --out benchmarks/repair.json
    python benchmarks/repair_search.py --report benchmarks/repair.json > benchmarks/repair_results.md

Six programs have one fault, four have two. An edit costs one run of the tests; a branch is restored from its
commit and costs none. `uniform` draws any of the listed edits, `suspicion` prefers lines that failing tests run
(Ochiai). The searches that compare states judge one by the share of tests that pass. No model is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import random
import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from miniwob_search import keep
from web_report import wilson

from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse
from branchwise.models.protocol import Capabilities, Reply, Sample, SampleRequest
from branchwise.store.records import Usage

REPAIR = Path(__file__).parents[1] / "examples" / "repair"
sys.path.insert(0, str(REPAIR))

from repair import repair  # noqa: E402 - the example is a folder of scripts

SHARED = WebOptions(
    depth=3, max_pages=10_000, samples=20, value_samples=1, pick_actions=True, max_approvals=0
)
METHODS = {
    "rollout": replace(SHARED, strategy="best_of_n", knobs={"n": 1}),
    "restarts": replace(SHARED, strategy="best_of_n", knobs={"n": 1000}),
    "best_first": replace(SHARED, knobs={"branching": 8, "expansions": 1000}),
    "mcts": replace(SHARED, strategy="mcts", knobs={"branching": 8, "simulations": 1000}),
}
POLICIES = ("uniform", "suspicion")


@dataclass(kw_only=True)
class Policy:
    """A model that draws one of the listed edits, and judges a state by the share of its tests that pass."""

    kind: str
    seed: str
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(choices=True, many=True, seed=True)
    )

    @property
    def name(self) -> str:
        """Its kind."""
        return f"policy:{self.kind}"

    async def sample(self, request: SampleRequest) -> Reply:
        """Draw, or judge."""
        asked = request.messages[0].content
        options = list(request.output_format.choices)
        if not options:
            found = re.search(r"(\d+) of (\d+) tests pass", asked)
            share = int(found[1]) / max(1, int(found[2])) if found else 0.0
            # One opinion is a share here; the value agent reads votes, so a share is drawn as that many of them.
            chance = random.Random(hashlib.sha256(f"{self.seed} judge {asked}".encode()).digest())
            texts = [_vote(chance.random() < share) for _ in range(request.n)]
        else:
            rank = re.search(r"suspect lines: ([\d ]*)", asked)
            lines = [int(one) for one in rank[1].split()] if rank and self.kind == "suspicion" else []
            weights = [_weight(option, lines) for option in options]
            chance = random.Random(hashlib.sha256(f"{self.seed} {request.seed} {asked}".encode()).digest())
            texts = chance.choices(options, weights, k=request.n)
        return Reply(samples=tuple(Sample(text=one, tokens=1) for one in texts), usage=Usage(calls=1))

    async def aclose(self) -> None:
        """Nothing to let go."""


def _vote(yes: bool) -> str:
    return f"Tests.\nStatus: failure\nOn the right track to success: {'yes' if yes else 'no'}"


def _weight(option: str, suspects: list[int]) -> float:
    if not suspects:
        return 1.0
    line = int(option.split()[2]) if option.startswith("edit line ") else 0
    return 1 / (1 + suspects.index(line)) if line in suspects else 0.02


async def measure(programs: list[str], seeds: int, steps: int, rows: list[dict[str, Any]], out: Path) -> None:
    """Run what is not in `rows` yet."""
    known = {(row["program"], row["seed"], row["policy"]) for row in rows}
    for project in sorted(REPAIR / "programs" / name for name in programs):
        environment = repair(str(project))
        for seed in range(seeds):
            for policy in POLICIES:
                if (project.name, seed, policy) not in known:
                    rows += await _instance(environment, project.name, seed, policy, steps)
                    keep(out, {"seeds": seeds, "steps": steps}, rows)
        await environment.aclose()


async def _instance(
    environment: Any, program: str, seed: int, policy: str, steps: int
) -> list[dict[str, Any]]:
    rows = []
    model = Policy(kind=policy, seed=f"{program}{seed}")
    for method, options in METHODS.items():
        asked = replace(options, max_actions=steps, value_samples=12)
        result = await browse("", environment, model=model, options=asked, seed=seed, store="sqlite://")
        row = {"program": program, "seed": seed, "policy": policy, "method": method}
        rows.append({**row, "solved": result.solved, "runs": result.visited + result.replayed})
    return rows


def sign_test(won: int, lost: int) -> float:
    """Two-sided exact p of so many won and lost pairs."""
    tail = sum(math.comb(won + lost, k) for k in range(min(won, lost) + 1)) / 2 ** (won + lost)
    return min(1.0, 2 * tail)


def report(kept: dict[str, Any]) -> str:
    """The tables."""
    rows, asked = kept["rows"], kept["asked"]
    lines = [
        "# Repairing ten faulty programs",
        "",
        f"`benchmarks/repair_search.py`, {asked['seeds']} seeds, at most {asked['steps']} runs of the tests each.",
        "Edits by mutation operators, no model. Intervals: Wilson, 95 %.",
        "",
        "| policy | strategy | repaired | of | 95 % | runs of the tests | against restarts, won : lost | p |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for policy in POLICIES:
        base = {
            (r["program"], r["seed"]): r["solved"]
            for r in rows
            if (r["policy"], r["method"]) == (policy, "restarts")
        }
        for method in METHODS:
            mine = [r for r in rows if (r["policy"], r["method"]) == (policy, method)]
            won = sum(r["solved"] and not base[r["program"], r["seed"]] for r in mine)
            lost = sum(not r["solved"] and base[r["program"], r["seed"]] for r in mine)
            solved, runs = sum(r["solved"] for r in mine), sum(r["runs"] for r in mine)
            low, high = wilson(solved, len(mine))
            against = "| |" if method == "restarts" else f"{won} : {lost} | {sign_test(won, lost):.2f} |"
            lines.append(
                f"| {policy} | {method} | {solved} | {len(mine)} | {low:.0%} to {high:.0%} | {runs} | {against}"
            )
    lines += ["", "| program | " + " | ".join(f"{p} {m}" for p in POLICIES for m in METHODS) + " |"]
    lines.append("|---" * (1 + len(POLICIES) * len(METHODS)) + "|")
    for program in sorted({r["program"] for r in rows}):
        cells = [
            sum(r["solved"] for r in rows if (r["program"], r["policy"], r["method"]) == (program, p, m))
            for p in POLICIES
            for m in METHODS
        ]
        lines.append(f"| {program} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure, or print the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40, help="runs of the tests at most")
    known = sorted(folder.name for folder in (REPAIR / "programs").iterdir() if folder.is_dir())
    parser.add_argument("--programs", nargs="*", default=known)
    parser.add_argument("--out", type=Path)
    parser.add_argument(
        "--report", type=Path, nargs="*", help="files of rows, for example one for each program"
    )
    o = parser.parse_args()
    if o.report:
        kept = [json.loads(file.read_text(encoding="utf-8")) for file in o.report]
        print(report({"asked": kept[0]["asked"], "rows": [row for one in kept for row in one["rows"]]}))
        return
    rows = json.loads(o.out.read_text(encoding="utf-8"))["rows"] if o.out.exists() else []
    asyncio.run(measure(o.programs, o.seeds, o.steps, rows, o.out))


if __name__ == "__main__":
    main()
