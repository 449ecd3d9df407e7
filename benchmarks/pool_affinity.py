"""Prefix affinity beside round-robin on a tree workload: python benchmarks/pool_affinity.py POOL-OR-URLS.

Trees are grown step by step: the root's children, theirs, and theirs again, each continuing the exact text of its
parent. The same trees are grown once with each routing, in turns, under problems of their own each time, so that no
run finds what another left in a cache. The rival is the pool itself with `routing="round-robin"`, all else equal.

Prompt tokens are counted by the engines themselves (/metrics), once for each sample, so that the samples of one call
count their prompt as read once and cached otherwise; a reply's own usage tells but one sample's. Two engines or more
are needed, with prefix caching on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from branchwise.models.pool import Pool
from branchwise.models.pool import registry as state
from branchwise.models.protocol import Message, OutputFormat, SampleRequest
from branchwise.serving.metrics import load

_STEP = OutputFormat(max_tokens=12)
_WIDTHS = (3, 2, 1)
"""Children of a node at each depth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grown:
    """One run."""

    routing: str
    seconds: float
    prompt: int
    cached: int
    written: int
    shares: tuple[int, ...]
    """Calls that each engine answered."""


async def tree(pool: Pool, problem: str) -> None:
    """Grow one tree; a child is expanded as soon as it is there."""

    async def expand(text: str, depth: int) -> None:
        messages = (Message(role="user", content=problem),)
        request = SampleRequest(
            messages=messages, prefix=text, n=_WIDTHS[depth], temperature=1.0, output_format=_STEP
        )
        reply = await pool.sample(request)
        if depth + 1 < len(_WIDTHS):
            async with asyncio.TaskGroup() as group:
                for sample in reply.samples:
                    group.create_task(expand(text + sample.text, depth + 1))

    await expand("", 0)


async def grow(
    urls: Sequence[str], model: str | None, routing: str, trees: int, words: int, salt: str
) -> Grown:
    """Grow all trees at once with one routing."""
    pool = Pool.attach(urls, model=model, routing=routing)  # type: ignore[arg-type]
    try:
        await pool.check()
        problems = [_problem(f"{salt} {number}", words) for number in range(trees)]
        before = [await load(url) for url in urls]
        began = time.perf_counter()
        await asyncio.gather(*(tree(pool, problem) for problem in problems))
        seconds = time.perf_counter() - began
        after = [await load(url) for url in urls]
        pairs = list(zip(before, after, strict=True))
        return Grown(
            routing=routing,
            seconds=seconds,
            prompt=sum(b.prompt_tokens - a.prompt_tokens for a, b in pairs),
            cached=sum(b.cached_tokens - a.cached_tokens for a, b in pairs),
            written=sum(b.completion_tokens - a.completion_tokens for a, b in pairs),
            shares=tuple(one.usage.calls for one in pool.states()),
        )
    finally:
        await pool.aclose()


def _problem(salt: str, words: int) -> str:
    people = " ".join(
        f"Guest {i} of {salt} may not sit beside guest {(7 * i + 3) % 40}." for i in range(words // 12)
    )
    return f"Plan a dinner. {people} Name the seats one by one."


async def compare(urls: Sequence[str], model: str | None, trees: int, words: int, pairs: int) -> None:
    """Run both routings in turns, print each run and the medians."""
    runs: list[Grown] = []
    for number in range(2 * pairs):
        routing = ("affinity", "round-robin", "round-robin", "affinity")[number % 4]
        runs.append(await grow(urls, model, routing, trees, words, f"party {number} {time.time():.0f}"))
        print(json.dumps(_row([runs[-1]])), flush=True)
    print(
        json.dumps(
            {
                "engines": len(urls),
                "trees": trees,
                "medians": [
                    _row([r for r in runs if r.routing == name]) for name in ("affinity", "round-robin")
                ],
            }
        )
    )


def _row(runs: Sequence[Grown]) -> dict[str, object]:
    prompt, cached = sum(run.prompt for run in runs), sum(run.cached for run in runs)
    return {
        "routing": runs[0].routing,
        "seconds": round(statistics.median(run.seconds for run in runs), 2),
        "prompt_tokens": prompt // len(runs),
        "cached": f"{cached / prompt:.1%}",
        "read_anew": (prompt - cached) // len(runs),
        "written": sum(run.written for run in runs) // len(runs),
        "calls_by_engine": list(runs[0].shares),
    }


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engines", help="a running pool's name, or base URLs with commas")
    parser.add_argument("--model", help="the model's name where engines serve several")
    parser.add_argument("--trees", type=int, default=6)
    parser.add_argument("--words", type=int, default=240, help="words of each problem, about")
    parser.add_argument("--pairs", type=int, default=2, help="runs of each routing")
    wanted = parser.parse_args()
    urls = wanted.engines.split(",") if "/" in wanted.engines else state.running(wanted.engines)
    asyncio.run(compare(urls, wanted.model, wanted.trees, wanted.words, wanted.pairs))


if __name__ == "__main__":
    main()
