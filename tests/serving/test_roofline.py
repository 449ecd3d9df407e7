"""The roofline bound against numbers worked out by hand, and its laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.serving.architecture import Architecture
from branchwise.serving.hardware import DEVICES, Device, device
from branchwise.serving.roofline import Setup, bound
from branchwise.store.errors import UnknownName

SHAPE = Architecture(
    layers=32,
    hidden=4096,
    heads=32,
    kv_heads=8,
    head_dim=128,
    intermediate=14336,
    vocabulary=128256,
    dtype="float16",
)
"""The shape of an 8B model."""


def setup(**more: object) -> Setup:
    return Setup(**{"shape": SHAPE, "device": DEVICES["A100-80G"], **more})  # type: ignore[arg-type]


def test_where_samples_stop_being_free() -> None:
    # 2402.16363: 312e12 / 2039e9 = 153 for half precision on an A100-80G.
    assert setup().turning_batch == pytest.approx(153, abs=0.1)


def test_one_sample_takes_the_time_of_reading_the_weights() -> None:
    # 32 x (2 x 4096 x 4096 + 2 x 4096 x 1024 + 3 x 4096 x 14336) + 4096 x 128256 weights of two bytes: 15.0 GB.
    weights = 2 * (32 * (2 * 4096**2 + 2 * 4096 * 1024 + 3 * 4096 * 14336) + 4096 * 128256)
    one = bound(setup(), batch=1, prompt=1, tokens=2)
    assert one.weight_bytes == weights
    assert one.memory_bound
    assert one.step_seconds == pytest.approx(weights / 2039e9, rel=0.01)


def test_a_long_prompt_is_bound_by_arithmetic() -> None:
    prompt = 4096
    one = bound(setup(), batch=1, prompt=prompt, tokens=1)
    linear = 2 * 32 * (2 * 4096**2 + 2 * 4096 * 1024 + 3 * 4096 * 14336) * prompt
    attention = 4 * 32 * 32 * 128 * prompt * (prompt + 1) / 2
    assert one.prefill_seconds == pytest.approx((linear + attention) / 312e12, rel=0.01)


def test_keys_and_values_count_the_shared_prompt_once() -> None:
    assert bound(setup(), batch=4, prompt=100, tokens=10).cache_bytes == 32 * 2 * 8 * 128 * 2 * 140


def test_four_bit_weights_halve_nothing_but_the_weights() -> None:
    full, quarter = (bound(setup(weight_bits=bits), batch=1, prompt=64, tokens=8) for bits in (16, 4))
    assert quarter.weight_bytes == full.weight_bytes / 4
    assert quarter.cache_bytes == full.cache_bytes


@given(batch=st.integers(1, 512), prompt=st.integers(1, 4000), tokens=st.integers(1, 400))
def test_more_samples_take_longer_together_and_less_each(batch: int, prompt: int, tokens: int) -> None:
    one = bound(setup(), batch=batch, prompt=prompt, tokens=tokens)
    more = bound(setup(), batch=batch + 1, prompt=prompt, tokens=tokens)
    assert more.seconds >= one.seconds
    assert more.tokens_per_second >= one.tokens_per_second * (1 - 1e-9)


@given(batch=st.integers(1, 64))
def test_experts_that_nobody_picks_are_not_read(batch: int) -> None:
    sparse = Architecture(
        layers=4, hidden=512, heads=8, kv_heads=8, head_dim=64, intermediate=256, vocabulary=1000,
        experts=64, active_experts=2, dtype="float16",
    )  # fmt: skip
    slow = Device(name="slow", bandwidth=1e9, flops={"float16": 1e18}, source="test")
    step = bound(setup(shape=sparse, device=slow), batch=batch, prompt=1, tokens=2).step_seconds
    everything = 2 * sparse.parameters / 1e9
    assert step < everything * 1.2
    assert batch > 1 or step < everything / 5


def test_an_unknown_device_is_named_with_its_neighbour() -> None:
    with pytest.raises(UnknownName, match="A100-80G"):
        device("A100-80", "float16")
