"""The benchmark of requirements: five prompts with the embedded model, graded by IFEval's own graders, resumable."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from branchwise import tasks
from branchwise.evals.live.outcome import GradedRun
from branchwise.evals.live.report import live_report
from branchwise.evals.live.requirements import given, prompts, with_requirements
from branchwise.graphs.runtime.resources import opened_engine
from branchwise.store.records import Json
from branchwise.store.store import Store
from branchwise.tasks.domains.instances import Instance


def prompt(number: int, rule: str, **arguments: Json) -> Instance:
    told: Json = [{"id": rule, "arguments": arguments}]
    return Instance(id=str(number), problem=f"Write about trees ({number}).", meta={"instructions": told})


PROMPTS = (
    prompt(1, "punctuation:no_comma"),
    prompt(2, "change_case:english_lowercase"),
    prompt(3, "startend:quotation"),
    prompt(4, "length_constraints:number_words", relation="less than", num_words=400),
    prompt(5, "keywords:existence", keywords=["xylophone"]),
)


async def test_five_prompts_are_run_and_graded_and_not_run_again(tmp_path: Path) -> None:
    url, seen = f"sqlite:///{tmp_path}/runs.sqlite", list[GradedRun]()
    async with Store.opened(url) as store, opened_engine("embedded", None) as engine:
        for _ in range(2):
            found = await with_requirements(
                PROMPTS, store, engine, seeds=1, tokens=48, longest=24, arms=("one", "auto"), done=seen.append
            )
        calls = [await store.usage(outcome.result.run_id) for outcome in found]
    assert [outcome.arm for outcome in found] == ["one"] * 5 + ["auto"] * 5
    assert [one.result.run_id for one in seen[:10]] == [one.result.run_id for one in seen[10:]]
    assert all(usage.completion_tokens <= 48 for usage in calls)
    assert all(set(outcome.grades) == {"strict", "loose"} for outcome in found)
    report = live_report("requirements", found, {})
    assert [row[0] for row in report.tables[0].rows] == ["one", "auto"]


def test_rules_are_given_in_the_stored_form() -> None:
    assert given(PROMPTS[4]) == (
        {"ifeval": {"id": "keywords:existence", "arguments": {"keywords": ["xylophone"]}}},
    )


def test_any_first_part_of_the_prompts_is_spread_over_the_benchmark(data: Path) -> None:
    place = {instance.id: n for n, instance in enumerate(tasks.benchmark("ifeval").instances(data))}
    chosen = [place[instance.id] for instance in prompts(data, 16)]
    assert len(set(chosen)) == 16
    quarter = sorted(chosen[:4])
    assert all(b - a > max(chosen) / 8 for a, b in pairwise(quarter))
