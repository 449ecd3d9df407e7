"""Choosing engine settings from logged trials: what is described, what is learned, and how it is judged."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from branchwise.serving.choice import judged, predicted
from branchwise.serving.trial_log import LoggedTrial, WorkloadShape, log, logged, shape_of, workload_of
from branchwise.store.errors import BadInput, ModelError

CACHE: dict[str, Any] = {"enable_prefix_caching": True}
ALL: dict[str, Any] = {"enable_chunked_prefill": True, "enable_prefix_caching": True}


def shape(width: int, prompt: int = 200) -> WorkloadShape:
    return WorkloadShape(
        samples=0.0, prompt=math.log(prompt), tokens=math.log(64), width=math.log(width), shared=0.5
    )


def trials(width: int, rates: dict[str, float], prompt: int = 200) -> list[LoggedTrial]:
    settings: dict[str, dict[str, Any]] = {"none": {}, "cache": CACHE, "all": ALL}
    return [
        LoggedTrial(
            workload=f"{width}-{prompt}",
            shape=shape(width, prompt),
            settings=settings[name],
            tokens_per_second=rate,
        )
        for name, rate in rates.items()
    ]


def as_published() -> list[LoggedTrial]:
    """As MetaInf reports it: prefix caching alone wins with many samples at once, all together with few."""
    small = [trials(width, {"none": 100, "cache": 110, "all": 130}) for width in (1, 2, 3, 4)]
    large = [trials(width, {"none": 100, "cache": 150, "all": 120}) for width in (200, 256, 300)]
    return [one for group in [*small, *large] for one in group]


def test_each_workload_gets_its_own_setting() -> None:
    few, many = predicted(as_published(), shape(2)), predicted(as_published(), shape(280))
    assert next(iter(few)) == '{"enable_chunked_prefill": true, "enable_prefix_caching": true}'
    assert few[next(iter(few))] == pytest.approx(1.3)
    assert next(iter(many)) == '{"enable_prefix_caching": true}'
    assert many["{}"] == 1.0


def test_the_learned_choice_is_judged_beside_the_best_fixed_one() -> None:
    how = judged(as_published())
    assert (how.workloads, how.hits) == (7, 7)
    assert how.learned == pytest.approx(how.best)
    # Without one of the four small ones caching has the larger mean; without a large one all together has.
    assert how.fixed == pytest.approx(math.exp((4 * math.log(1.1) + 3 * math.log(1.2)) / 7))
    assert how.gain.verdict == "gain"


def test_where_one_setting_is_always_best_there_is_no_gain() -> None:
    same = [one for width in (1, 9, 99) for one in trials(width, {"none": 10, "cache": 12, "all": 11})]
    how = judged(same)
    assert how.learned == how.fixed == how.best == pytest.approx(1.2)
    assert how.gain.verdict == "no gain"


def test_a_setting_that_failed_once_is_not_chosen() -> None:
    failed = [one for width in (1, 9) for one in trials(width, {"none": 10, "cache": 11, "all": 50})]
    failed += trials(99, {"none": 10, "cache": 11, "all": 0})
    assert list(predicted(failed, shape(1))) == ['{"enable_prefix_caching": true}', "{}"]


def test_two_workloads_are_too_few() -> None:
    with pytest.raises(BadInput, match="3 workloads at least, and there are 2"):
        judged([*trials(1, {"none": 1}), *trials(2, {"none": 1})])
    with pytest.raises(BadInput, match="there are 0"):
        predicted([], shape(1))


def test_a_workload_is_described_before_an_engine_sees_it() -> None:
    begin = "a" * 30
    bodies = [
        {"messages": [{"role": "user", "content": begin + end * 10}], "n": 4, "max_tokens": 32}
        for end in "xyz"
    ]
    found = shape_of(bodies, in_flight=2)
    assert found.samples == pytest.approx(math.log(4))
    assert found.prompt == pytest.approx(math.log(41))
    assert found.tokens == pytest.approx(math.log(32))
    assert found.width == pytest.approx(math.log(8))
    assert found.shared == pytest.approx(2 * 30 / 120)
    assert workload_of(bodies, 2) == workload_of(bodies, 2) != workload_of(bodies, 3)


def test_the_log_keeps_the_newest_and_refuses_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert logged("m", "GPU") == []
    log("m", "GPU", trials(1, {"none": 1, "cache": 2}))
    log("m", "GPU", trials(1, {"cache": 3}))
    log("m", "other GPU", trials(1, {"none": 9}))
    assert [one.tokens_per_second for one in logged("m", "GPU")] == [1, 3]
    [file] = [path for path in tmp_path.rglob("*.trials") if path.read_text().count("\n") == 3]
    file.write_text('{"workload": [[[\n')
    with pytest.raises(ModelError, match="is damaged"):
        logged("m", "GPU")
