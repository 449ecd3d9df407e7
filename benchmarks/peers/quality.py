"""Quality side by side: one endpoint, the same instances, the same number of samples, the official graders.

    BRANCHWISE_DATA=../shared/data python benchmarks/peers/quality.py --its ENV --optillm ENV

NATURAL PLAN's calendar on `endpoint.py`. Every client sends the same prompt, may draw `--n` samples of an answer for
each instance (tree strategies: as many steps of each depth), and is graded by its one answer. Calls and completion
tokens are the server's counts; "other" tokens are those that a client had the model write about answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from branchwise import solve, tasks
from branchwise.agents.prompts import fill
from branchwise.evals.live.experiment import spread
from branchwise.graphs.search.state import Options
from branchwise.models.pool import Pool
from branchwise.statistics.bootstrap import bootstrap
from branchwise.store.store import Store
from branchwise.tasks.domains.instances import Instance

HERE = Path(__file__).parent


@contextmanager
def serving(task: str) -> Iterator[str]:
    """Start the endpoint and give its URL."""
    command = [sys.executable, str(HERE / "endpoint.py"), "--task", task]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def counts(url: str, *, forget: bool = False) -> dict[str, int]:
    """What the endpoint has counted since it last forgot."""
    at = url.removesuffix("/v1") + ("/reset" if forget else "/stats")
    with urllib.request.urlopen(urllib.request.Request(at, method="POST" if forget else "GET")) as reply:
        body = reply.read()
    return dict(json.loads(body)) if body else {}


async def ours(
    url: str, task: str, strategy: str, n: int, temperature: float, instances: Sequence[Instance], seed: int
) -> list[str]:
    """Solve the instances one after another, as the peers do."""
    knobs = {"width": n} if strategy == "rebase" else {"n": n}
    answers = []
    pool = Pool.attach([url])
    async with Store.opened("sqlite:///:memory:") as store:
        for instance in instances:
            result = await solve(
                instance.problem,
                task=task,
                strategy=strategy,
                knobs=knobs,
                model=pool,
                store=store,
                seed=seed,
                options=Options(temperature=temperature),
            )
            answers.append(result.text)
    await pool.aclose()
    return answers


def theirs(
    environment: str, script: str, arguments: Sequence[str], prompts: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Have a peer answer the same prompts."""
    done = subprocess.run(
        [f"{environment}/bin/python", str(HERE / script), *arguments],
        input=json.dumps(list(prompts)),
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        check=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    return said["answers"], said["versions"]


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Run every client on every instance, `--rounds` times, in turns."""
    found = tasks.benchmark(given.task)
    # Every sixth instance served to choose the prompt's words.
    instances = spread(list(found.instances()), given.instances, leave_out=6)
    prompts = [fill(found.task.instructions, problem=one.problem, constraints="") for one in instances]
    clients: dict[str, tuple[str, ...]] = {
        "one sample": ("branchwise", "one"),
        **{f"branchwise {s}": ("branchwise", s) for s in given.strategies.split(",")},
    }
    if given.its:
        clients["its-hub best-of-n, reward by program"] = ("its", "best-of-n")
        clients["its-hub self-consistency"] = ("its", "self-consistency")
    if given.optillm:
        clients["optillm bon"] = ("optillm", "bon")
        clients["optillm majority_voting"] = ("optillm", "majority_voting")
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in clients}
    versions = {"branchwise": version("branchwise")}
    with serving(given.task) as url:
        for round_ in range(given.rounds):
            for name, (who, what) in clients.items():
                counts(url, forget=True)
                began = time.perf_counter()
                if who == "branchwise":
                    strategy, n = ("best_of_n", 1) if what == "one" else (what, given.n)
                    seed = 1000 * round_ + 7
                    answers = asyncio.run(
                        ours(url, given.task, strategy, n, given.temperature, instances, seed)
                    )
                else:
                    script, more = f"quality_{who}.py", [url, what, str(given.n), str(given.temperature)]
                    answers, its = theirs(getattr(given, who), script, more, prompts)
                    versions |= its
                grades = [found.grade(i, a) for i, a in zip(instances, answers, strict=True)]
                row = {"grades": grades, "counts": counts(url), "seconds": time.perf_counter() - began}
                rows[name].append(row)
                print(json.dumps({"client": name, **row["counts"]}), file=sys.stderr, flush=True)
    return {
        "task": given.task,
        "instances": len(instances),
        "n": given.n,
        "temperature": given.temperature,
        "rounds": given.rounds,
        "versions": versions,
        "clients": [_summary(name, those) for name, those in rows.items()],
    }


def _summary(name: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    graders, count = list(rows[0]["grades"][0]), len(rows[0]["grades"])
    solved = {}
    for grader in graders:
        each = [sum(row["grades"][i][grader] for row in rows) / len(rows) for i in range(count)]
        solved[grader] = bootstrap([float(share) for share in each]).percent()
    keys = sorted({key for row in rows for key in row["counts"]})
    spent = {key: sum(row["counts"].get(key, 0) for row in rows) / len(rows) / count for key in keys}
    return {
        "client": name,
        "solved": solved,
        "an_instance": {key: round(value, 1) for key, value in spent.items()},
        "rounds": [{grader: sum(g[grader] for g in row["grades"]) for grader in graders} for row in rows],
    }


def main() -> None:
    """Measure and write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--its", help="its virtual environment; left out without one")
    parser.add_argument("--optillm", help="its virtual environment; left out without one")
    parser.add_argument("--task", default="calendar")
    parser.add_argument("--instances", type=int, default=20)
    parser.add_argument("--n", type=int, default=8)
    parser.add_argument("--temperature", type=float, default=1.0, help="1: optillm's bon knows no other")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--strategies", default="best_of_n,adaptive_best_of_n,rebase,self_consistency")
    parser.add_argument("--out", type=Path, default=HERE / "quality.json")
    given = parser.parse_args()
    found = measure(given)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for row in found["clients"]:
        print(json.dumps(row))


if __name__ == "__main__":
    main()
