"""How right are the judges? Golden answers, changed ones, mathematics pairs, IFEval beside its official rules.

    BRANCHWISE_DATA=../shared/data python benchmarks/judges.py --out benchmarks/judges_results.md

Needs the extra `grading`; the part on IFEval also wants langdetect and NLTK (`pip install langdetect nltk`), which are
no dependencies, and is left out without them. About ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from official_ifeval import BODIES, OFFICIAL, replies
from perturbed_plans import other_forms, wrong_plans

from branchwise import tasks
from branchwise.store.records import VerifiedBy
from branchwise.tasks.domains.instances import Instance, read_records
from branchwise.tasks.domains.mathematics import compare
from branchwise.tasks.requirements.rules import follows
from branchwise.tasks.task import Task

_FORMS = {
    "boxed": r"Thus \boxed{%s}.",
    "boxed display, closing words": "We get\n\\[\\boxed{%s}\\]\nThis completes it. Let me know if you need help!",
    "final answer is $..$": "The final answer is $%s$. I hope it is correct.",
    r"Answer: \(..\)": r"Answer: \(%s\)",
    "**Answer:** ..": "**Answer:** %s",
    "**Final Answer: $..$**": "**Final Answer: $%s$**",
    "#### ..": "Work.\n#### %s",
    "is: + display": "The answer is:\n\\[%s\\]",
    "$$..$$ in prose": "So the value is $$%s$$ which is what we wanted.",
}
_MATHEMATICS = ("gsm8k", "math500", "olympiadbench")
_PLANS = ("calendar", "trip", "meeting")


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--wrong", type=int, default=1000, help="changed plans of each task at most")
    options = parser.parse_args()
    parts = [_plans(options.data, options.wrong), _blocks(options.data), _mathematics(options.data), _pairs()]
    if importlib.util.find_spec("langdetect") and importlib.util.find_spec("nltk"):
        parts.append(_ifeval(options.data))
    text = "# The judges, measured\n\nWritten by `benchmarks/judges.py`.\n\n" + "\n\n".join(parts) + "\n"
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


def _table(head: str, rows: Iterator[str] | list[str]) -> str:
    columns = head.count("|") + 1
    return "\n".join([f"| {head} |", "|" + "---|" * columns, *(f"| {row} |" for row in rows)])


def _plans(data: Path | None, most: int) -> str:
    """Golden plans in several forms, and plans with one change that the data set's own constraints forbid."""
    rows = {str(row["id"]): row for row in read_records(data, "natural_plan/instances_300.jsonl.gz")}
    lines, kinds = [], []
    for name in _PLANS:
        benchmark, draw = tasks.benchmark(name), random.Random(name)
        forms: Counter[str] = Counter()
        wrong: list[tuple[Instance, str, str]] = []
        golds = 0
        for instance in benchmark.instances(data):
            golds += 1
            for what, plan in other_forms(rows[instance.id]):
                forms[what] += _accepted(benchmark.task, instance, plan)[0]
            wrong += [(instance, *changed) for changed in wrong_plans(rows[instance.id], draw)]
        drawn = draw.sample(wrong, min(most, len(wrong)))
        judged = [(what, *_accepted(benchmark.task, instance, plan)) for instance, what, plan in drawn]
        passed, unread = sum(ok for _, ok, _ in judged), sum(by is VerifiedBy.NONE for *_, by in judged)
        told = ", ".join(f"{what} {number}" for what, number in forms.items())
        lines.append(f"{name} | {golds} | {told} | {len(judged)} | {passed} | {unread}")
        counted = Counter(what for what, *_ in judged)
        kinds.append(f"{name}: " + ", ".join(f"{what} {number}" for what, number in sorted(counted.items())))
    head = "plans | golden | accepted, by form | changed | of these accepted | of these not judged"
    return (
        "## Plans\n\n" + _table(head, lines) + "\n\nChanges:\n\n" + "\n".join(f"- {kind}" for kind in kinds)
    )


def _accepted(task: Task, instance: Instance, plan: str) -> tuple[bool, VerifiedBy]:
    constraints = task.read_constraints(instance.problem)
    assert constraints is not None
    assert task.check is not None
    verdict = task.check(constraints, plan, True)
    assert verdict is not None
    return verdict.accepted, verdict.verified_by


def _blocks(data: Path | None) -> str:
    """A logged plan that is right for each instance, and the same without one action."""
    benchmark = tasks.benchmark("blocksworld")
    known = {instance.id: instance for instance in benchmark.instances(data)}
    right: dict[str, list[str]] = {}
    for row in read_records(data, "planbench_blocksworld/plans.jsonl.gz"):
        if row["correct"] and isinstance(row["plan"], list):
            right.setdefault(f"{row['domain']}/{row['id']}", [str(action) for action in row["plan"]])
    right = {name: plan for name, plan in right.items() if name in known and plan}
    draw, accepted, passed = random.Random(3), 0, 0
    for name, plan in right.items():
        accepted += _accepted(benchmark.task, known[name], "\n".join(plan))[0]
        cut = draw.randrange(len(plan))
        passed += _accepted(benchmark.task, known[name], "\n".join(plan[:cut] + plan[cut + 1 :]))[0]
    head = "Blocksworld: right plans of the log | accepted | without one action | of these accepted"
    return "## Blocksworld\n\n" + _table(head, [f"{len(right)} | {accepted} | {len(right)} | {passed}"])


def _mathematics(data: Path | None) -> str:
    """Every gold answer in nine forms, and the same with one digit changed."""
    lines = []
    for name in _MATHEMATICS:
        benchmark = tasks.benchmark(name)
        refused: Counter[str] = Counter()
        golds = asked = passed = changed = 0
        for instance in benchmark.instances(data):
            gold, golds = str(instance.gold), golds + 1
            other = _one_digit(gold)
            for what, form in _FORMS.items():
                # A gold answer of several formulas with dollars of its own cannot be put into a formula.
                if "$" in gold.strip("$") and re.search(r"\$|\\[\[(]", form):
                    continue
                bare = gold.strip("$") if "$" not in gold.strip("$") else gold
                asked += 1
                refused[what] += not all(benchmark.grade(instance, form % bare).values())
                if other is not None:
                    changed += 1
                    passed += any(
                        benchmark.grade(
                            instance, form % (other.strip("$") if bare != gold else other)
                        ).values()
                    )
        told = ", ".join(f"{what}: {number}" for what, number in refused.items() if number) or "none"
        lines.append(f"{name} | {golds} | {asked} | {sum(refused.values())} ({told}) | {changed} | {passed}")
    head = "mathematics | gold answers | replies, nine forms | refused | one digit changed | of these passed"
    return "## Gold answers in nine forms\n\n" + _table(head, lines)


def _one_digit(gold: str) -> str | None:
    places = [found.start() for found in re.finditer(r"\d", gold)]
    if not places:
        return None
    at = random.Random(gold).choice(places)
    return f"{gold[:at]}{(int(gold[at]) + 3) % 10}{gold[at + 1 :]}"


def _pairs() -> str:
    """Pairs of our own, in either order."""
    pairs: dict[str, Any] = json.loads(
        Path(__file__).with_name("math_pairs.json").read_text(encoding="utf-8")
    )
    equal = [pair for group in pairs["equal"] for pair in itertools.combinations(group, 2)]
    refused = [f"`{a}` = `{b}`" for a, b in equal if not (compare(a, b) and compare(b, a))]
    passed = [f"`{a}` = `{b}`" for a, b in pairs["different"] if compare(a, b) or compare(b, a)]
    share = len(refused) / len(equal)
    lines = [
        f"equal | {len(equal)} | refused {len(refused)} ({share:.1%}): {', '.join(refused) or 'none'}",
        f"different | {len(pairs['different'])} | passed {len(passed)}: {', '.join(passed) or 'none'}",
    ]
    return "## Mathematics pairs of our own\n\n" + _table("pairs | number | wrong", lines)


def _ifeval(data: Path | None) -> str:
    """Our rules beside the official ones, on replies that are bent towards every instruction."""
    bodies = [str(row["answer"]) for row in read_records(data, "gsm8k/test.jsonl.gz")][:40]
    bodies += [str(row["solution"])[:800] for row in read_records(data, "math500/test500.jsonl.gz")][:20]
    bodies += [str(row["prompt"]) for row in read_records(data, "ifeval/input_data.jsonl.gz")][:60]
    draw = random.Random(5)
    said: dict[str, Counter[str]] = {rule: Counter() for rule in OFFICIAL}
    for instance in tasks.benchmark("ifeval").instances(data):
        told: Any = instance.meta["instructions"]
        speaks = any(each["id"] == "language:response_language" for each in told)
        drawn = [*draw.sample(bodies, 2), *(BODIES if speaks else [])]
        for reply in replies(instance.problem, told, drawn):
            for each in told if reply.strip() else []:
                official = OFFICIAL[each["id"]](reply, each["arguments"])
                ours = follows(each["id"], reply, each["arguments"])
                kind = "not told" if ours is None else "same" if ours is bool(official) else f"ours {ours}"
                said[each["id"]][kind] += 1
    columns = ("same", "ours True", "ours False", "not told")
    lines = [
        f"{rule} | {sum(found.values())} | " + " | ".join(str(found[kind]) for kind in columns)
        for rule, found in said.items()
    ]
    total = sum(said.values(), Counter())
    lines.append(f"all | {sum(total.values())} | " + " | ".join(str(total[kind]) for kind in columns))
    note = (
        "Sentences are compared with NLTK's untrained splitter, languages with langdetect (seed 0). Each verdict that "
        "differs was looked at: langdetect takes English in capitals for German or Vietnamese and `forest forest` for "
        "Danish; the untrained splitter finds no end of a sentence in `.$`. Not told: how many sentences lines without "
        "full stops are, and Hindi, Marathi and Nepali where two of them are likely."
    )
    head = f"rule | replies | {' | '.join(columns)}"
    return f"## IFEval beside the official rules\n\n{note}\n\n" + _table(head, lines)


if __name__ == "__main__":
    main()
