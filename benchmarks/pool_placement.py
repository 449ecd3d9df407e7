"""Placement in simulated time beside round-robin and least-loaded: python -m benchmarks.pool_placement [--out FILE].

Three workloads: a burst of callers whose prompts share a long beginning; trees that grow step by step; and both at
once, with callers that share nothing beside them. Engines of three kinds, two to eight of them. Aim: nowhere more than
5 % slower than the better of the two rivals.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.simulated_engine import Engine, Hardware, simulated
from branchwise.models.pool.pool import Pool, Routing
from branchwise.models.pool.replica import Replica
from branchwise.models.protocol import Message, OutputFormat, SampleRequest

ROUTINGS: Final[tuple[Routing, ...]] = ("affinity", "round-robin", "least-loaded")
HARDWARE: Final = (
    Hardware(name="8B on a GPU", base=0.0063, a_sample=0.00003, a_token=0.00006, slots=256),
    Hardware(name="135M on a CPU", base=0.08, a_sample=0.009, a_token=0.0025, slots=64, chunk=512),
    Hardware(name="eight slots", base=0.0125, a_sample=0.0, a_token=0.0001, slots=8),
)
COUNTS: Final = (2, 3, 4, 8)
_WIDTHS: Final = (4, 3, 2, 1)
Workload = Callable[[Pool, random.Random], Awaitable[None]]


def _words(dice: random.Random, tokens: int) -> str:
    return " ".join(f"{dice.getrandbits(28):07x}" for _ in range(tokens // 2))


async def burst(pool: Pool, dice: random.Random) -> None:
    """64 callers send 384 requests that begin with the same 1,300 tokens."""
    system = _words(dice, 1_300)
    await _callers(pool, [[system] * 6] * 64, dice)


async def trees(pool: Pool, dice: random.Random) -> None:
    """Eight trees of depth four grow at once, under problems of 300 tokens."""
    await asyncio.gather(*(_tree(pool, _words(dice, 300)) for _ in range(8)))


async def mixed(pool: Pool, dice: random.Random) -> None:
    """Four trees, 24 callers that share one of three beginnings and 8 that share none."""
    shared = [_words(dice, 800) for _ in range(3)]
    callers = [[shared[i % 3]] * 4 for i in range(24)] + [
        [_words(dice, 400) for _ in range(4)] for _ in range(8)
    ]
    await asyncio.gather(*(_tree(pool, _words(dice, 300)) for _ in range(4)), _callers(pool, callers, dice))


WORKLOADS: Final[dict[str, Workload]] = {"burst": burst, "trees": trees, "mixed": mixed}


async def _callers(pool: Pool, begins: Sequence[Sequence[str]], dice: random.Random) -> None:
    """Each caller sends its requests one after another."""

    async def caller(mine: Sequence[tuple[str, str]]) -> None:
        for begin, question in mine:
            messages = (Message(role="system", content=begin), Message(role="user", content=question))
            await pool.sample(
                SampleRequest(messages=messages, temperature=1.0, output_format=OutputFormat(max_tokens=32))
            )

    asked = [[(begin, _words(dice, 40)) for begin in mine] for mine in begins]
    await asyncio.gather(*(caller(mine) for mine in asked))


async def _tree(pool: Pool, problem: str) -> None:
    """A child is expanded as soon as it is there."""

    async def expand(text: str, depth: int) -> None:
        request = SampleRequest(
            messages=(Message(role="user", content=problem),),
            prefix=text,
            n=_WIDTHS[depth],
            temperature=1.0,
            output_format=OutputFormat(max_tokens=32),
        )
        reply = await pool.sample(request)
        if depth + 1 < len(_WIDTHS):
            await asyncio.gather(*(expand(text + sample.text, depth + 1) for sample in reply.samples))

    await expand("", 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run of a workload."""

    seconds: float
    read: int
    """Prompt tokens read, those from the cache not counted."""
    calls: tuple[int, ...]
    """By engine."""


def run(workload: Workload, hardware: Hardware, count: int, routing: Routing, seed: int) -> Run:
    """Run a workload on `count` engines in simulated time."""

    async def work() -> list[Engine]:
        engines = [Engine(hardware, seed + i) for i in range(count)]
        replicas = [Replica(f"http://{i}/v1", engine, 256) for i, engine in enumerate(engines)]  # type: ignore[arg-type]
        pool = Pool(replicas, routing=routing, timeout=1e6, retries=0, queue=16_384)
        await workload(pool, random.Random(seed))
        await pool.aclose()
        return engines

    engines, seconds = simulated(work())
    return Run(seconds=seconds, read=sum(e.read for e in engines), calls=tuple(e.calls for e in engines))


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One comparison, over several seeds."""

    workload: str
    hardware: str
    count: int
    runs: dict[Routing, list[Run]]

    def seconds(self, routing: Routing) -> float:
        """The median."""
        return statistics.median(one.seconds for one in self.runs[routing])

    @property
    def ratio(self) -> float:
        """Seconds of affinity over those of the better rival."""
        return self.seconds("affinity") / min(self.seconds("round-robin"), self.seconds("least-loaded"))

    @property
    def idle(self) -> int:
        """Engines that one run with affinity left without a call, at most."""
        return max(one.calls.count(0) for one in self.runs["affinity"])


def rows(seeds: Sequence[int]) -> Iterator[Row]:
    """Every workload on every hardware, with every number of engines."""
    for name, workload in WORKLOADS.items():
        for hardware in HARDWARE:
            for count in COUNTS:
                runs = {
                    routing: [run(workload, hardware, count, routing, seed) for seed in seeds]
                    for routing in ROUTINGS
                }
                yield Row(workload=name, hardware=hardware.name, count=count, runs=runs)


def table(found: Sequence[Row]) -> str:
    """The comparison as Markdown."""
    lines = [
        "| workload | engine | engines | affinity, s | round-robin, s | least-loaded, s | of the better | read anew |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found:
        read = {name: statistics.median(one.read for one in runs) for name, runs in row.runs.items()}
        cells = (
            row.workload,
            row.hardware,
            str(row.count),
            *(f"{row.seconds(routing):.2f}" for routing in ROUTINGS),
            f"{row.ratio:.3f}",
            f"{read['affinity'] / read['least-loaded']:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the table there too")
    wanted = parser.parse_args()
    found = list(rows(range(wanted.first_seed, wanted.first_seed + wanted.seeds)))
    worst, idle = max(row.ratio for row in found), max(row.idle for row in found)
    text = (
        f"{table(found)}\n\nAt most {worst:.3f} of the better rival's seconds; at most {idle} idle engines.\n"
    )
    print(text)
    if wanted.out is not None:
        wanted.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
