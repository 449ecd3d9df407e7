"""The replay format: recorded samples as JSON lines, a header first. docs/replay-format.md describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from branchwise.store.errors import BadInput
from branchwise.store.reading import reason
from branchwise.store.records import VerifiedBy

FORMAT = "branchwise-replay"
VERSION = 1

Unit = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Feature: TypeAlias = "str | float | bool"

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@checked(frozen=True, kw_only=True, slots=True, config=_STRICT)
class Header:
    """Where the samples come from and how to read them."""

    task: str
    model: str
    source: str
    """Repository, paper or run that they were recorded from, with its commit or date."""
    licence: str
    tokens: Literal["logged", "characters/4"]
    """What the samples' `tokens` are."""
    verifier: str | None = None
    """The name in `scores` of the unit reward that a live verifier would give, or None."""
    verified_by: VerifiedBy = VerifiedBy.NONE
    """What stands behind `accepted` and that score."""
    step_verifier: str | None = None
    """The name in the steps' `scores` of the unit reward that a live step verifier would give, or None."""
    sha256: str = ""
    """Hash of the recorded file, or of the concatenated files."""
    notes: str = ""
    features: Mapping[str, Mapping[str, Feature]] = field(default_factory=dict)
    """What is visible of each instance before any sample: size, hardness class, length."""


@checked(frozen=True, kw_only=True, slots=True, config=_STRICT)
class Step:
    """One step of a recorded sample; samples of an arm that begin with the same steps share a branch of a tree."""

    text: str
    """The step, or the state that it led to."""
    scores: Mapping[str, Unit] = field(default_factory=dict)
    """Unit rewards of the solution up to here, by verifier."""
    tokens: Count = 0
    """Completion tokens of the step."""
    check_tokens: Mapping[str, Count] = field(default_factory=dict)
    """Completion tokens that judging it takes, by verifier; none where a program judges."""


@checked(frozen=True, kw_only=True, slots=True, config=_STRICT)
class RecordedSample:
    """One recorded sample. `correct` is the outcome; everything else would be seen live."""

    instance: str
    index: Count
    """Unique within its instance and arm."""
    correct: bool | None
    """By the official grader; None where nobody graded it."""
    arm: str = ""
    """Which prompt, method or model made it, where a log holds several."""
    text: str = ""
    """The sample, or a stable hash of it where the text itself is not given away."""
    answer: str | None = None
    """The normalised answer, equal for equivalent answers."""
    accepted: bool = False
    """Whether the verifier accepted it."""
    scores: Mapping[str, Unit] = field(default_factory=dict)
    """Unit rewards by verifier."""
    tokens: Count = 0
    """Completion tokens."""
    prompt_tokens: Count = 0
    logprob: float | None = None
    """Sum of token log-probabilities."""
    seed: int | None = None
    after: int | None = None
    """Index of the sample of the same arm that this one revises."""
    steps: tuple[Step, ...] = ()
    """The sample cut into steps, the last of which completes it; empty where it was not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Log:
    """Recorded samples with their header."""

    header: Header
    samples: tuple[RecordedSample, ...]

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, in order of first appearance."""
        return tuple(dict.fromkeys(sample.arm for sample in self.samples))

    @property
    def instances(self) -> tuple[str, ...]:
        """The instances, in order of first appearance."""
        return tuple(dict.fromkeys(sample.instance for sample in self.samples))

    def pools(self, arm: str) -> dict[str, tuple[RecordedSample, ...]]:
        """Each instance's samples of one arm, revisions included, by index."""
        pools: dict[str, list[RecordedSample]] = {}
        for sample in self.samples:
            if sample.arm == arm:
                pools.setdefault(sample.instance, []).append(sample)
        return {name: tuple(sorted(pool, key=lambda s: s.index)) for name, pool in pools.items()}

    @classmethod
    def read(cls, path: Path) -> Log:
        """Read a log file.

        Raises:
            BadInput: The file cannot be read or is not in the replay format; the message names the line.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"The log `{path}` cannot be read: {reason(error)}.") from error
        lines = text.removesuffix("\n").split("\n")  # JSON may hold the other characters that end lines
        if not text:
            raise BadInput(f"`{path}` is empty: a replay log begins with a header line.")
        number = 1
        try:
            header = _First.model_validate_json(lines[0])
            samples = []
            for number, line in enumerate(lines[1:], start=2):  # noqa: B007 - named in the message
                samples.append(_SAMPLE.validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise BadInput(f"`{path}`, line {number}: {where}: {first['msg']}.") from error
        _refuse_twins(path, samples)
        return cls(header=header.header, samples=tuple(samples))

    def write(self, path: Path) -> None:
        """Write the log to a file, replacing it."""
        first = {
            "format": FORMAT,
            "version": VERSION,
            "header": _HEADER.dump_python(self.header, mode="json"),
        }
        lines = [json.dumps(first, sort_keys=True, allow_nan=False)]
        lines += [
            json.dumps(_SAMPLE.dump_python(sample, mode="json", exclude_defaults=True), sort_keys=True)
            for sample in self.samples
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


class _First(BaseModel):
    model_config = _STRICT
    format: Literal["branchwise-replay"]
    version: Literal[1]
    header: Header


_HEADER = TypeAdapter(Header)
_SAMPLE = TypeAdapter(RecordedSample)


def _refuse_twins(path: Path, samples: Iterable[RecordedSample]) -> None:
    seen: set[tuple[str, str, int]] = set()
    for number, sample in enumerate(samples, start=2):
        key = (sample.instance, sample.arm, sample.index)
        if key in seen:
            raise BadInput(f"`{path}`, line {number}: instance, arm and index are there already: {key}.")
        seen.add(key)
