import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.store.errors import BadInput
from branchwise.store.records import VerifiedBy

HEADER = Header(task="t", model="m", source="s", licence="MIT", tokens="logged")
recorded = st.builds(
    RecordedSample,
    instance=st.text(min_size=1, max_size=5),
    index=st.integers(0, 9),
    correct=st.one_of(st.none(), st.booleans()),
    arm=st.sampled_from(["", "a", "ü"]),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    answer=st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=4)),
    accepted=st.booleans(),
    scores=st.dictionaries(st.sampled_from("xy"), st.floats(0, 1)),
    tokens=st.integers(0, 10**6),
    logprob=st.one_of(st.none(), st.floats(-1e6, 0)),
    after=st.one_of(st.none(), st.integers(0, 9)),
)


@given(st.lists(recorded, max_size=8, unique_by=lambda s: (s.instance, s.arm, s.index)))
def test_a_log_survives_its_file(
    tmp_path_factory: pytest.TempPathFactory, samples: list[RecordedSample]
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    header = Header(
        task="t",
        model="m",
        source="s",
        licence="MIT",
        tokens="characters/4",
        verifier="x",
        verified_by=VerifiedBy.MODEL,
        features={"i": {"size": 3.0, "kind": "hard"}},
    )
    log = Log(header=header, samples=tuple(samples))
    log.write(path)
    assert Log.read(path) == log


def written(path: Path, *samples: str) -> Path:
    Log(header=HEADER, samples=()).write(path)
    path.write_text(path.read_text() + "".join(f"{sample}\n" for sample in samples))
    return path


GOOD = {"instance": "1", "index": 0, "correct": True}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("nonsense", "line 3"),
        (json.dumps({**GOOD, "index": -1}), "line 3: index"),
        (json.dumps({**GOOD, "index": 1, "scores": {"x": 1.5}}), "line 3: scores"),
        (json.dumps({**GOOD, "index": 1, "label": True}), "line 3: label"),
        ('{"instance": "1", "index": 1, "correct": true, "logprob": NaN}', "line 3"),
        (json.dumps(GOOD), "line 3: instance, arm and index are there already"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        Log.read(written(tmp_path / "log.jsonl", json.dumps(GOOD), line))


def test_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("")
    with pytest.raises(BadInput, match="is empty"):
        Log.read(path)
    path.write_text('{"format": "other", "version": 1, "header": {}}\n')
    with pytest.raises(BadInput, match="line 1"):
        Log.read(path)
