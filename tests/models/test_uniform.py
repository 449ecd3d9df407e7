"""The uniform draw keeps to the form, is repeatable, and favours nothing."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from branchwise import models
from branchwise.models.protocol import Message, OutputFormat, SampleRequest
from branchwise.store.errors import Unsupported

ASKED = (Message(role="user", content="Go."),)


@pytest.mark.parametrize(
    "pattern",
    [
        "[0-9]{1,2}:[0-9]{2} - [0-9]{1,2}:[0-9]{2}",
        "(Monday|Friday), [^a-z]+",
        r"\d+\s\w*|\S.?",
        "(stack [a-e] on [a-e]\n)+done",
        r"[^\d\s]x",
    ],
)
async def test_a_draw_matches_the_whole_pattern(pattern: str) -> None:
    reply = await models.load("uniform").sample(
        SampleRequest(messages=ASKED, n=50, seed=1, output_format=OutputFormat(regex=pattern))
    )
    assert all(re.fullmatch(pattern, sample.text) for sample in reply.samples)
    assert len({sample.text for sample in reply.samples}) > 10


async def test_choices_are_equally_likely_and_a_seed_repeats_them() -> None:
    request = SampleRequest(
        messages=ASKED, n=3000, seed=5, output_format=OutputFormat(choices=("a", "b", "c"))
    )
    first = await models.load("uniform").sample(request)
    assert first == await models.load("uniform").sample(request)
    counts = Counter(sample.text for sample in first.samples)
    assert all(abs(count - 1000) < 120 for count in counts.values()), "four and a half standard deviations"


async def test_no_draw_is_longer_than_asked_for() -> None:
    request = SampleRequest(
        messages=ASKED, n=50, seed=2, output_format=OutputFormat(regex="([a-z] [0-9]\n){1,9}", max_tokens=9)
    )
    samples = (await models.load("uniform").sample(request)).samples
    assert all(sample.tokens <= 9 for sample in samples)
    assert {sample.finish for sample in samples} == {"stop", "length"}
    assert all(len(s.text.split()) == 9 for s in samples if s.finish == "length")


async def test_free_text_is_refused() -> None:
    with pytest.raises(Unsupported, match="writes no free text"):
        await models.load("uniform").sample(SampleRequest(messages=ASKED))
