"""Idealised seconds: the fit finds what made the numbers, and never a negative cost."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.serving import measurements as kept
from branchwise.serving.idealised import Idealised, Timed, fit_idealised
from branchwise.store.errors import BadInput, ModelError
from branchwise.store.records import Usage

costs = st.floats(1e-5, 0.1)


def calls(truth: Idealised, seed: int, noise: float = 0.0) -> list[Timed]:
    draw = random.Random(seed)
    shapes = [(draw.randint(1, 900), draw.choice([1, 2, 8, 32]), draw.randint(1, 200)) for _ in range(40)]
    return [
        Timed(
            prompt=prompt,
            completion=n * tokens,
            samples=n,
            seconds=truth(prompt=prompt, completion=n * tokens, samples=n)
            * (1 + draw.uniform(-noise, noise)),
        )
        for prompt, n, tokens in shapes
    ]


@given(call=costs, prompt=costs, step=costs, token=costs, seed=st.integers(0, 99))
def test_it_finds_what_made_the_seconds(
    call: float, prompt: float, step: float, token: float, seed: int
) -> None:
    truth = Idealised(call=call, prompt=prompt, step=step, token=token)
    timed = calls(truth, seed)
    found = fit_idealised(timed)
    assert found.error < 1e-3
    for one in timed:
        said = found(prompt=one.prompt, completion=one.completion, samples=one.samples)
        assert said == pytest.approx(one.seconds, rel=0.02)


@given(seed=st.integers(0, 99))
def test_no_cost_is_negative_even_when_the_best_fit_would_be(seed: int) -> None:
    draw = random.Random(seed)
    timed = [
        Timed(
            prompt=draw.randint(1, 99),
            completion=draw.randint(1, 99),
            samples=1,
            seconds=draw.random() + 0.01,
        )
        for _ in range(12)
    ]
    found = fit_idealised(timed)
    assert min(found.call, found.prompt, found.step, found.token) >= 0


def test_noise_shows_in_the_error() -> None:
    truth = Idealised(call=0.01, prompt=0.001, step=0.02, token=0.001)
    found = fit_idealised(calls(truth, 1, noise=0.2))
    assert 0.02 < found.error < 0.2


def test_four_calls_are_too_few() -> None:
    truth = Idealised(call=0.01, prompt=0.001, step=0.02, token=0.001)
    with pytest.raises(BadInput, match="Five calls"):
        fit_idealised(calls(truth, 1)[:4])


def test_a_usage_costs_what_its_calls_cost() -> None:
    truth = Idealised(call=0.5, prompt=0.01, step=0.1, token=0.02)
    usage = Usage(calls=3, samples=12, prompt_tokens=300, cached_tokens=60, completion_tokens=240)
    one = truth(prompt=80, completion=80, samples=4)
    assert truth.of(usage) == pytest.approx(3 * one)


def test_what_is_kept_is_found_again(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert kept.read("m", "GPU") is None
    fit = Idealised(call=0.5, prompt=0.01, step=0.1, token=0.02, calls=9, error=0.1)
    kept.keep("m", "GPU", idealised=fit)
    kept.keep("m", "GPU", options={"max_num_seqs": 8}, tokens_per_second=100.0)
    kept.keep("m", "other GPU", tokens_per_second=1.0)
    found = kept.read("m", "GPU")
    assert found is not None
    assert (found.idealised, found.options, found.tokens_per_second) == (fit, {"max_num_seqs": 8}, 100.0)
    assert {one.device for one in kept.of_model("m")} == {"GPU", "other GPU"}


def test_a_damaged_file_is_named(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    kept.keep("m", "GPU", tokens_per_second=1.0)
    [file] = (kept._folder()).glob("*.json")
    file.write_text("{")
    with pytest.raises(ModelError, match=file.name):
        kept.read("m", "GPU")
