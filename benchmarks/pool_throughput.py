"""What branchwise costs between a search and its engine: python benchmarks/pool_throughput.py real|zero|fifty.

real POOL-OR-URL   Best-of-64, Tree of Thoughts and REBASE through all of branchwise (graph, ledger, SQLite), then
                   the same requests in the same order of dependence through a bare aiohttp loop: tokens a second.
zero               The same workloads against a loopback server that answers at once: recorded calls a second, of one
                   process or of several on one database.
fifty              50 instances x Best-of-8 at once against a loopback server of 50 ms: wall and client CPU.

The bare loop stores nothing and knows nothing: it sends the bodies that branchwise recorded, a round's calls at once,
a judgement as soon as its candidate's call is answered. Each pair of runs is repeated in turns and medians are given.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import re
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.synchronize import Barrier

import aiohttp
import fake_server

from branchwise import solve
from branchwise.cli.gc_settings import calm
from branchwise.graphs.search.state import Options
from branchwise.models.codec import read_request
from branchwise.models.pool import Pool
from branchwise.models.pool import registry as state
from branchwise.models.protocol import OutputFormat
from branchwise.models.wire import write
from branchwise.store.records import Constraints, Verdict, VerifiedBy
from branchwise.store.store import CallRecord, Store
from branchwise.tasks.task import Task

_ROUND = re.compile(r"^t\d+/r(\d+)/")


def checked() -> Task:
    """A task whose program refuses every answer, so that a search goes to its end; its steps are short."""
    return Task(
        name="checked",
        about="",
        instructions="{problem}\n\nThink step by step. Write each step as one paragraph.",
        read_constraints=lambda problem: Constraints(source="program"),
        output_format=lambda constraints, text, grain: (
            OutputFormat(max_tokens=24)
            if grain == "solution"
            else OutputFormat(max_tokens=12, stop=("\n\n",))
        ),
        is_complete=lambda text: len(text) > 160,
        check=_refuse,
    )


def judged() -> Task:
    """The same judged by the model: by the probability of "Yes" on a real engine, in words on the fake one."""
    task = checked()
    return Task(
        name="judged",
        about="",
        instructions=task.instructions,
        read_constraints=task.read_constraints,
        output_format=task.output_format,
        is_complete=task.is_complete,
    )


def _refuse(constraints: Constraints, text: str, complete: bool) -> Verdict:
    score = float(sum(map(ord, text)) % 100)
    return Verdict(
        score=score, accepted=not complete, feedback="", verified_by=VerifiedBy.PROGRAM, verifier="program"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """One search."""

    name: str
    strategy: str
    knobs: Mapping[str, int]
    task: str
    options: Options = field(default_factory=Options)


def workloads(verifier: str) -> tuple[Workload, ...]:
    """The searches that heavy sampling is made of."""
    by_model = Options(verifier=verifier, threshold=100)  # type: ignore[arg-type]
    return (
        Workload(name="Best-of-64", strategy="best_of_n", knobs={"n": 64}, task=f"{__name__}:checked"),
        *(
            Workload(
                name=f"ToT {width}x{branching}x3",
                strategy="tree_of_thoughts",
                knobs={"width": width, "branching": branching, "steps": 3},
                task=f"{__name__}:judged",
                options=by_model,
            )
            # A small tree, and that of the paper (arXiv 2305.10601, Game of 24: five states kept, about eight tried).
            for width, branching in ((4, 3), (5, 8))
        ),
        Workload(
            name="REBASE 16",
            strategy="rebase",
            knobs={"width": 16},
            task=f"{__name__}:judged",
            options=by_model,
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """One side of a comparison."""

    seconds: float
    cpu: float
    calls: int
    tokens: int
    """Written."""
    runs: tuple[str, ...] = ()
    """Ids of the runs, where they were recorded."""


async def searched(workload: Workload, pool: Pool, store: Store, salt: str, runs: int = 1) -> Ran:
    """Run the search through all of branchwise, `runs` of them at once."""
    wall, cpu = time.perf_counter(), time.process_time()
    results = await asyncio.gather(
        *(
            solve(
                f"{salt} {number}: plan a journey through five towns and name them in order.",
                task=workload.task,
                strategy=workload.strategy,
                knobs=workload.knobs,
                model=pool,
                store=store,
                seed=number,
                options=workload.options,
            )
            for number in range(runs)
        )
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Ran(
        seconds=wall,
        cpu=cpu,
        calls=sum(result.usage.calls for result in results),
        tokens=sum(result.usage.completion_tokens for result in results),
        runs=tuple(result.run_id for result in results),
    )


async def recorded(ran: Ran, store: Store) -> list[list[CallRecord]]:
    """What was asked, run by run; read when it is needed, so that the runs to come are not timed beside it."""
    return [await store.calls(run_id) for run_id in ran.runs]


async def bare(runs: Sequence[Sequence[CallRecord]], url: str, model: str) -> Ran:
    """Send what was recorded once more, with nothing between the loop and the server."""
    sent = written = 0

    async def send(session: aiohttp.ClientSession, call: CallRecord) -> None:
        nonlocal sent, written
        request = read_request(call.request)
        body = {"model": model, **write(request, "vllm"), "max_tokens": request.output_format.max_tokens}
        async with session.post(f"{url}/chat/completions", json=body) as reply:
            said = json.loads(await reply.read())
        sent += 1
        written += said["usage"]["completion_tokens"]

    async def branch(session: aiohttp.ClientSession, first: CallRecord, then: Sequence[CallRecord]) -> None:
        await send(session, first)
        await asyncio.gather(*(send(session, call) for call in then))

    async def run(session: aiohttp.ClientSession, calls: Sequence[CallRecord]) -> None:
        for round_ in _rounds(calls):
            await asyncio.gather(*(branch(session, first, then) for first, then in round_))

    wall, cpu = time.perf_counter(), time.process_time()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(run(session, calls) for calls in runs))
    return Ran(seconds=time.perf_counter() - wall, cpu=time.process_time() - cpu, calls=sent, tokens=written)


def _rounds(calls: Sequence[CallRecord]) -> list[list[tuple[CallRecord, list[CallRecord]]]]:
    """The calls of each round that need no other, each with the judgements that followed upon its answer."""
    rounds: dict[int, list[tuple[CallRecord, list[CallRecord]]]] = {}
    for call in calls:  # in the order in which they were begun
        found = _ROUND.match(call.key)
        round_ = rounds.setdefault(int(found[1]) if found else 10**6, [])
        answered = [one for one in round_ if (one[0].ended or 0.0) <= call.started]
        if call.key.endswith("/verify") and answered:
            max(answered, key=lambda one: one[0].ended or 0.0)[1].append(call)
        else:
            round_.append((call, []))
    return [rounds[number] for number in sorted(rounds)]


async def real(url: str, model: str, pairs: int, only: str, runs: int) -> None:
    """Compare tokens a second on an engine, of `runs` searches at once."""
    pool = Pool.attach([url], model=model)
    await pool.check()
    with tempfile.TemporaryDirectory() as folder:
        async with Store.opened(f"sqlite:///{folder}/runs.sqlite") as store:
            for workload in (one for one in workloads("yes_no") if one.name.startswith(only)):
                ratios, rows = [], []
                for number in range(pairs):
                    salt = f"{time.time_ns() % 10**9}"
                    # Run once unmeasured: then both sides find the prompts in the engine's cache.
                    await searched(workload, pool, store, salt, runs)
                    both = {}
                    for side in ("ours", "bare") if number % 2 else ("bare", "ours"):
                        if side == "ours":
                            both[side] = await searched(workload, pool, store, salt, runs)
                        else:
                            first = (
                                both["ours"]
                                if "ours" in both
                                else await searched(workload, pool, store, salt, runs)
                            )
                            both[side] = await bare(await recorded(first, store), url, model)
                    ours, rival = both["ours"], both["bare"]
                    ratios.append(ours.tokens / ours.seconds / (rival.tokens / rival.seconds))
                    rows.append((ours, rival))
                _print_real(workload.name, ratios, rows)
    await pool.aclose()


def _print_real(name: str, ratios: Sequence[float], rows: Sequence[tuple[Ran, Ran]]) -> None:
    def rates(side: int) -> list[float]:
        return [row[side].tokens / row[side].seconds for row in rows]

    print(
        json.dumps(
            {
                "workload": name,
                "calls": rows[0][0].calls,
                "tokens": [row[0].tokens for row in rows],
                "tokens_a_second": round(statistics.median(rates(0)), 1),
                "bare_tokens_a_second": round(statistics.median(rates(1)), 1),
                "ratio": round(statistics.median(ratios), 3),
                # The least disturbed run of each side, for machines that are busy with other things.
                "ratio_of_best": round(max(rates(0)) / max(rates(1)), 3),
                "ratios": [round(ratio, 3) for ratio in ratios],
            }
        ),
        flush=True,
    )


def zero(runs: int, repeats: int, processes: int) -> None:
    """Count recorded calls a second of `runs` searches at once, dealt out to processes that share the database."""
    small = Workload(
        name="Best-of-64, 1 sample a call",
        strategy="best_of_n",
        knobs={"n": 64},
        task=f"{__name__}:checked",
        options=Options(batch=1),
    )
    spawn = multiprocessing.get_context("spawn")
    with fake_server.running(latency=0.0, tokens=16) as url, tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/runs.sqlite"
        with ProcessPoolExecutor(processes, spawn, _join, (spawn.Barrier(processes),)) as executor:
            for workload in (small, *workloads("llm")):
                job = partial(_share, workload, url, database, runs // processes, repeats)
                shares = list(executor.map(job, range(processes)))
                rows = [_together([share.found[i] for share in shares]) for i in range(repeats)]
                rival = max((ran for share in shares for ran in share.rivals), key=_rate)
                best = max(rows, key=_rate)
                row = {
                    "workload": workload.name,
                    "runs": runs,
                    "processes": processes,
                    "calls": best.calls,
                    "calls_a_second": [round(_rate(one)) for one in rows],
                    "median": round(statistics.median(map(_rate, rows))),
                    "cpu_ms_a_call": round(best.cpu / best.calls * 1e3, 2),
                    "bare_calls_a_second": round(_rate(rival)),  # of one process
                    "bare_cpu_ms_a_call": round(rival.cpu / rival.calls * 1e3, 2),
                }
                print(json.dumps(row), flush=True)


_START: list[Barrier] = []
"""Where the processes wait for each other."""


def _join(barrier: Barrier) -> None:
    calm()  # as every command does
    _START.append(barrier)


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """What one process has done."""

    found: Sequence[tuple[float, Ran]]
    """Searches, with the time at which they ended."""
    rivals: Sequence[Ran]
    """The bare loop, by the first process alone."""


def _share(workload: Workload, url: str, database: str, runs: int, repeats: int, number: int) -> Share:
    async def work() -> Share:
        pool = Pool.attach([url])
        async with Store.opened(database) as store:
            await searched(workload, pool, store, f"warm {number}")
            found = []
            for i in range(repeats):
                _START[0].wait()
                ran = await searched(workload, pool, store, f"{number} {i}", runs)
                found.append((time.time(), ran))
            _START[0].wait()
            calls = [] if number else await recorded(found[0][1], store)
            rivals = [await bare(calls, url, "fake") for _ in range(repeats)] if calls else []
        await pool.aclose()
        return Share(found=found, rivals=rivals)

    return asyncio.run(work())


def _together(ran: Sequence[tuple[float, Ran]]) -> Ran:
    """What several processes did at the same time, from the first begin to the last end."""
    began = min(ended - one.seconds for ended, one in ran)
    return Ran(
        seconds=max(ended for ended, _ in ran) - began,
        cpu=sum(one.cpu for _, one in ran),
        calls=sum(one.calls for _, one in ran),
        tokens=sum(one.tokens for _, one in ran),
    )


def _rate(ran: Ran) -> float:
    return ran.calls / ran.seconds


async def fifty(instances: int, repeats: int) -> None:
    """Time 50 runs at once, and a bare loop's 50 requests of the same."""
    workload = Workload(name="Best-of-8", strategy="best_of_n", knobs={"n": 8}, task=f"{__name__}:checked")
    with fake_server.running(latency=0.05, tokens=32) as url, tempfile.TemporaryDirectory() as folder:
        pool = Pool.attach([url])
        async with Store.opened(f"sqlite:///{folder}/runs.sqlite") as store:
            await searched(workload, pool, store, "warm", instances)
            found = [await searched(workload, pool, store, f"{i}", instances) for i in range(repeats)]
            calls = await recorded(found[0], store)
            rivals = [await bare(calls, url, "fake") for _ in range(repeats)]
        await pool.aclose()
    for name, those in (("branchwise, stored", found), ("bare aiohttp, nothing stored", rivals)):
        row = {
            "client": name,
            "instances": instances,
            "calls": those[0].calls,
            "seconds": [round(one.seconds, 3) for one in those],
            "median_seconds": round(statistics.median(one.seconds for one in those), 3),
            "cpu_ms_an_instance": round(statistics.median(one.cpu for one in those) / instances * 1e3, 2),
        }
        print(json.dumps(row), flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["real", "zero", "fifty"])
    parser.add_argument("engine", nargs="?", default="default", help="a running pool's name, or a base URL")
    parser.add_argument("--model", default="smollm2", help="the model's name there")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", help="the workload whose name begins so, in `real`")
    parser.add_argument(
        "--runs", type=int, help="searches at once: 1 in `real` and 16 in `zero` if not given"
    )
    parser.add_argument("--processes", type=int, default=1, help="processes that share them in `zero`")
    wanted = parser.parse_args()
    calm()  # as every command does
    if wanted.what == "real":
        url = wanted.engine if "/" in wanted.engine else state.running(wanted.engine)[0]
        asyncio.run(real(url, wanted.model, wanted.repeats, wanted.only, wanted.runs or 1))
    elif wanted.what == "zero":
        zero(wanted.runs or 16, wanted.repeats, wanted.processes)
    else:
        asyncio.run(fifty(50, max(5, wanted.repeats)))


if __name__ == "__main__":
    main()
