"""Does the cheating gap tell right answers from wrong ones better than agreement does, at equal samples?

Run `python -m benchmarks.cheating_gap --model embedded`. The problems are sums of two numbers, made by a seed. An
expert gains nothing from seeing an answer (Experts Don't Cheat, arXiv 2402.08733): p1 is the share of the commonest
answer y among 8 plain samples, p2 its share among 8 samples that were told that another solver answered y; the control
tells the runner-up. The confidence is p1/p2, the gap (p2(y|y) - p1(y)) - (p2(y'|y') - p1(y')). Agreement is the share
of the commonest answer among 24 plain samples.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from random import Random
from statistics import fmean

from branchwise.graphs.runtime.resources import opened_engine
from branchwise.models.protocol import Message, Model, OutputFormat, SampleRequest

N = 8
_NUMBER = re.compile(r"\d{1,6}")


async def answers(model: Model, question: str, told: int | None, n: int, seed: int) -> list[int | None]:
    """The first number of each of `n` samples."""
    hint = "" if told is None else f"Another solver independently answered {told}.\n"
    request = SampleRequest(
        messages=(Message(role="user", content=f"{hint}What is {question}? Answer with the number only."),),
        n=n,
        temperature=0.8,
        seed=seed,
        output_format=OutputFormat(max_tokens=12),
    )
    reply = await model.sample(request)
    found = [_NUMBER.search(sample.text) for sample in reply.samples]
    return [int(match[0]) if match else None for match in found]


def share(of: int, among: Sequence[int | None]) -> float:
    """The share of one answer."""
    return sum(answer == of for answer in among) / len(among)


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float:
    """Probability that a right answer's score is above a wrong one's, ties counting half."""
    good = [s for s, ok in zip(scores, right, strict=True) if ok]
    bad = [s for s, ok in zip(scores, right, strict=True) if not ok]
    if not good or not bad:
        return float("nan")
    return fmean((g > b) + (g == b) / 2 for g in good for b in bad)


async def main() -> None:
    """Sample, then print the areas under the curves with bootstrap intervals over problems."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--model", default="embedded")
    ask.add_argument("--base-url")
    ask.add_argument("--problems", type=int, default=60)
    asked = ask.parse_args()
    rng, rows = Random(0), list[tuple[float, float, bool, float, bool]]()
    async with opened_engine(asked.model, asked.base_url) as model:
        for number in range(asked.problems):
            top = 10 ** rng.choice((1, 1, 2))
            a, b = rng.randrange(1, top), rng.randrange(1, top)
            plain = await answers(model, f"{a} + {b}", None, 3 * N, 1000 * number)
            few = Counter(one for one in plain[:N] if one is not None).most_common(2)
            many = Counter(one for one in plain if one is not None).most_common(1)
            if not few:
                continue
            y = few[0][0]
            other = few[1][0] if len(few) > 1 else y + 1
            p1, q1 = share(y, plain[:N]), share(other, plain[:N])
            p2 = share(y, await answers(model, f"{a} + {b}", y, N, 1000 * number + 100))
            q2 = share(other, await answers(model, f"{a} + {b}", other, N, 1000 * number + 200))
            confidence, gap = min(1.0, p1 / p2) if p2 else 1.0, (p2 - p1) - (q2 - q1)
            rows.append((confidence, -gap, y == a + b, share(many[0][0], plain), many[0][0] == a + b))
    print(
        f"{len(rows)} problems, right: {fmean(row[2] for row in rows):.2f} and {fmean(row[4] for row in rows):.2f}"
    )
    if any(len({row[right] for row in rows}) < 2 for right in (2, 4)):
        print("All answers are right, or all are wrong: nothing can be told apart. Ask more problems.")
        return
    for name, score, right in (("p1/p2", 0, 2), ("gap", 1, 2), ("agreement of 24", 3, 4)):
        draws = [[rng.choice(rows) for _ in rows] for _ in range(500)]
        seen = sorted(
            x for d in draws if (x := auroc([r[score] for r in d], [bool(r[right]) for r in d])) == x
        )
        mean = auroc([row[score] for row in rows], [bool(row[right]) for row in rows])
        print(f"{name}: AUROC {mean:.2f} [{seen[len(seen) // 40]:.2f}, {seen[-len(seen) // 40]:.2f}]")


if __name__ == "__main__":
    asyncio.run(main())
