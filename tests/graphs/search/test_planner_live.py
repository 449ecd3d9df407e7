"""The planner in a live run: probes are used, the policy table is heeded, confidence is stated, the run may abstain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from branchwise.agents.planning.audit import Audit
from branchwise.agents.planning.difficulty_map import DifficultyMap
from branchwise.agents.planning.policy_table import PolicyRow, PolicyTable, RankedStrategy
from branchwise.graphs.runtime.worker import work
from branchwise.graphs.search import policies
from branchwise.graphs.search.run import Result, solve
from branchwise.graphs.search.state import Options
from branchwise.graphs.search.submit import submit
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.statistics.beta import Beta
from branchwise.statistics.isotonic import Steps
from branchwise.store.errors import BadInput
from branchwise.store.records import Budget
from branchwise.store.store import Store

SCORE = 40


def is_judging(request: SampleRequest) -> bool:
    return '"Score: "' in request.messages[-1].content


def _write(request: SampleRequest, seed: int) -> str:
    if is_judging(request):
        return f"Hm.\nScore: {SCORE}"
    return f"Answer: {seed % 4}"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.sqlite"


async def decisions(url: str, run_id: str) -> dict[str, Mapping[str, Any]]:
    async with Store.opened(url) as store:
        return {d.key: cast("Mapping[str, Any]", d.payload) for d in await store.decisions(run_id)}


def written(tmp_path: Path, table: PolicyTable) -> Path:
    path = tmp_path / "table.json"
    path.write_text(table.dumps())
    return path


@pytest.mark.parametrize("arm", Options().arms)
async def test_probes_stay_on_the_tree_and_can_be_the_answer(url: str, arm: str) -> None:
    """The probes are the best that the model ever gives; every arm that the planner may choose keeps them."""

    def write(request: SampleRequest, seed: int) -> str:
        asked = request.messages[-1].content
        if is_judging(request):
            return f"Hm.\nScore: {90 if 'probed' in asked else 10}"
        begun = "improved" in asked or model.calls > 8
        return "Answer: later" if begun or model.calls > 2 else "Answer: probed"

    model = scripted(write)
    result = await solve("Which?", model=model, store=url, options=Options(arms=(arm,), trials=1))
    async with Store.opened(url) as store:
        tree = await store.nodes(result.run_id)
    probes = [node for node in tree if node.strategy == "probe"]
    assert len(probes) == 4
    assert any(node.strategy == arm for node in tree)
    assert result.answer == "probed"
    assert tree[str(result.node)].strategy == "probe"


@pytest.mark.parametrize(("arm", "knob"), [("best_of_n", "n"), ("rebase", "width")])
async def test_probes_count_for_the_strategy(url: str, arm: str, knob: str) -> None:
    result = await solve("Which?", model=scripted(_write), store=url, options=Options(arms=(arm,), trials=1))
    selected = (await decisions(url, result.run_id))["t1/select"]
    async with Store.opened(url) as store:
        tree = await store.nodes(result.run_id)
    assert sum(node.strategy == arm for node in tree) == selected["knobs"][knob] - 4


def table(**more: Any) -> PolicyTable:
    choice = RankedStrategy(strategy="self_consistency", knobs={"n": 7}, prior=0.8)
    rows = [PolicyRow(bin=bin_, tokens=10, choices=(choice,)) for bin_ in (None, 0, 1, 2, 3, 4, 5)]
    return PolicyTable(rows=tuple(rows), source={"task": "text"}, **more)


async def test_a_fitted_table_chooses_and_its_knobs_count_the_probes(url: str, tmp_path: Path) -> None:
    result = await solve(
        "Which?",
        model=scripted(_write),
        store=url,
        policy=written(tmp_path, table()),
        options=Options(trials=1),
    )
    made = await decisions(url, result.run_id)
    assert made["plan"]["basis"] == "policy table"
    assert made["t1/select"]["strategy"] == "self_consistency"
    assert result.nodes == 7


async def test_a_row_that_is_not_affordable_is_not_taken(url: str, tmp_path: Path) -> None:
    dear = PolicyTable(
        rows=tuple(PolicyRow(bin=row.bin, tokens=10**6, choices=row.choices) for row in table().rows)
    )
    result = await solve(
        "Which?",
        model=scripted(_write),
        store=url,
        policy=written(tmp_path, dear),
        budget=Budget(tokens=20_000),
    )
    assert (await decisions(url, result.run_id))["plan"]["basis"] != "policy table"


async def test_a_difficulty_map_calibrates_the_estimate(url: str, tmp_path: Path) -> None:
    agreement = DifficultyMap(signal="agreement", edges=(), beliefs=(Beta(1, 9),))
    result = await solve(
        "Which?", model=scripted(_write), store=url, policy=written(tmp_path, table(maps=(agreement,)))
    )
    found = (await decisions(url, result.run_id))["plan"]["difficulty"]
    assert found["basis"] == "agreement, calibrated"
    assert found["pass_at_1"] == pytest.approx(0.1)


async def test_the_default_place_is_read_and_none_turns_it_off(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = policies.default_path("text", "scripted:script")
    path.parent.mkdir(parents=True)
    path.write_text(table().dumps())
    with_it = await solve("Which?", model=scripted(_write), store=url)
    without = await solve("Which?", model=scripted(_write), store=url, policy="none")
    assert (await decisions(url, with_it.run_id))["plan"]["basis"] == "policy table"
    assert (await decisions(url, without.run_id))["plan"]["basis"] != "policy table"


async def test_a_submitted_run_uses_the_table_of_its_task_and_model(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    model = scripted(_write)
    path = policies.default_path("text", model.name)
    path.parent.mkdir(parents=True)
    path.write_text(table().dumps())
    problems: list[Any] = ["Which?", {"problem": "Which?", "policy": "none"}]
    fitted, none = await submit(problems, store=url, model=model.name)
    path.unlink()  # the run keeps what it was submitted with
    await work(store=url, model=model, until_empty=True)
    assert (await decisions(url, fitted))["plan"]["basis"] == "policy table"
    assert (await decisions(url, none))["plan"]["basis"] != "policy table"
    with pytest.raises(BadInput, match=r"Problem 2: There is no policy table"):
        await submit(["Which?", {"problem": "Which?", "policy": str(path)}], store=url, model=model.name)
    async with Store.opened(url) as store:
        assert len(await store.runs()) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not a policy table"),
        (PolicyTable(source={"task": "calendar"}).dumps(), "fitted on the task `calendar`"),
        (
            PolicyTable(
                rows=(PolicyRow(bin=None, tokens=1, choices=(RankedStrategy(strategy="best_of_m"),)),)
            ).dumps(),
            "best_of_n",
        ),
    ],
)
async def test_a_table_that_does_not_fit_costs_nothing(
    url: str, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "table.json"
    path.write_text(text)
    model = scripted(_write)
    with pytest.raises(BadInput, match=said):
        await solve("Which?", model=model, store=url, policy=path)
    assert model.calls == 0


AUDIT = Audit(
    completeness=1.0,
    soundness=0.75,
    classes=((0.58, 0.87), (0.42, 0.13)),
    calibration=Steps(edges=(0.9,), values=(0.2, 0.6)),
    selected=((64, Steps(edges=(0.9,), values=(0.2, 0.6))),),
    labels=100,
    basis="labelled",
)
"""The two kinds of instances of Stroebl et al., arXiv 2411.17501, for which two draws are best."""


async def run(url: str, tmp_path: Path, model: Scripted | None = None, **options: Any) -> Result:
    path = written(tmp_path, PolicyTable(source={"task": "text"}, audit=AUDIT))
    return await solve(
        "Which?", model=model or scripted(_write), store=url, policy=path, options=Options(**options)
    )


async def test_the_audit_ends_the_run_when_more_samples_do_harm(url: str, tmp_path: Path) -> None:
    result = await run(url, tmp_path, probes=1)
    assert result.reason == "enough"
    assert result.nodes == AUDIT.samples() == 2


async def test_the_audit_states_the_confidence(url: str, tmp_path: Path) -> None:
    result = await run(url, tmp_path)
    assert (result.confidence, result.calibrated) == (0.2, True)
    assert result.answer is not None


async def test_too_uncertain_an_answer_is_not_given(url: str, tmp_path: Path) -> None:
    result = await run(url, tmp_path, abstain_below=0.5)
    assert result.reason == "abstained"
    assert (result.answer, result.text, result.solved) == (None, "", False)
    assert result.node is not None
    assert result.confidence == 0.2


async def test_an_accepted_answer_may_be_too_uncertain_too(url: str, tmp_path: Path) -> None:
    sure = scripted(lambda request, seed: "Yes.\nScore: 100" if is_judging(request) else "Answer: 4")
    assert (await run(url, tmp_path, sure, abstain_below=0.5)).solved
    withheld = await run(url, tmp_path, sure, abstain_below=0.7)
    assert withheld.reason == "abstained"
    assert (withheld.next_sample, withheld.next_basis) == (None, "")


async def test_a_votes_winner_that_is_accepted_when_first_judged_has_no_confidence(
    url: str, tmp_path: Path
) -> None:
    sure = scripted(lambda request, seed: "Yes.\nScore: 100" if is_judging(request) else "Answer: 4")
    policy = written(tmp_path, PolicyTable(source={"task": "text"}, audit=AUDIT))
    asked: dict[str, Any] = {"strategy": "self_consistency", "knobs": {"n": 4}, "policy": policy}
    voted = await solve("Which?", model=sure, store=url, **asked)
    assert (voted.solved, voted.share) == (True, 1.0)
    assert (voted.confidence, voted.calibrated) == (None, False)


async def test_without_labels_a_score_is_no_confidence(url: str) -> None:
    result = await solve("Which?", model=scripted(_write), store=url)
    assert not result.calibrated
    assert result.confidence is None
    assert result.share == result.score == (SCORE + 100) / 200
    voted = await solve(
        "Which?", model=scripted(_write), strategy="self_consistency", knobs={"n": 4}, store=url
    )
    assert (voted.share, voted.confidence, voted.calibrated) == (0.25, None, False)


async def test_a_threshold_needs_a_calibrated_confidence(url: str) -> None:
    model = scripted(_write)
    with pytest.raises(BadInput, match="planner fit"):
        await solve("Which?", model=model, store=url, options=Options(abstain_below=0.5))
    assert model.calls == 0


@pytest.mark.parametrize(
    ("strategy", "aggregation"),
    [
        ("self_consistency", ""),
        ("best_of_n", "majority"),
        ("best_of_n", "branchwise.graphs.aggregations.majority:majority"),
    ],
    ids=["a strategy that votes", "a vote", "an aggregation of one's own"],
)
async def test_a_threshold_needs_an_answer_chosen_by_its_score(
    url: str, tmp_path: Path, strategy: str, aggregation: str
) -> None:
    model = scripted(_write)
    asked: dict[str, Any] = {
        "strategy": strategy,
        "policy": written(tmp_path, PolicyTable(source={"task": "text"}, audit=AUDIT)),
        "options": Options(abstain_below=0.5, aggregation=aggregation),
    }
    said = "Leave out abstain_below or aggregation, or use best_of_n or auto"
    with pytest.raises(BadInput, match=said):
        await solve("Which?", model=model, store=url, **asked)
    assert model.calls == 0
    asked |= {"strategy": "self_consistency", "options": Options(abstain_below=0.5, aggregation="best_of_n")}
    assert (await solve("Which?", model=model, store=url, knobs={"n": 4}, **asked)).reason == "abstained"


async def test_the_selector_remembers_earlier_runs_if_asked(url: str) -> None:
    options = Options(memory=True, trials=2)
    first = await solve("Which?", model=scripted(_write), store=url, options=options)
    second = await solve("Which?", model=scripted(_write), store=url, options=options)
    assert (await decisions(url, first.run_id))["memory"] == {}
    remembered = (await decisions(url, second.run_id))["memory"]
    assert (
        sum(trials for trials, _ in remembered.values()) == 1
    )  # its first trial; the second saw what that left
    terms = (await decisions(url, second.run_id))["t1/select"]["terms"]
    tried = next(iter(remembered))
    assert terms[tried]["exploitation"] == pytest.approx(remembered[tried][1] / remembered[tried][0])
    forgetful = await solve("Which?", model=scripted(_write), store=url)
    assert "memory" not in await decisions(url, forgetful.run_id)
