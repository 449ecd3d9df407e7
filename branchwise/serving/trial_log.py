"""Log of trials of engine settings: JSON lines of a model on a device, each one setting on one workload."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from branchwise.serving.measurements import file_of
from branchwise.store.errors import ModelError

_MOST = 5_000
"""Trials that are read: the last ones."""
_LARGEST = 50_000_000
"""Bytes of a log that is read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadShape:
    """What is known of a workload before an engine has seen it: natural logarithms, and one share."""

    samples: float
    """Of the mean samples of a request."""
    prompt: float
    """Of the mean characters of a request's messages."""
    tokens: float
    """Of the mean limit on tokens of a sample."""
    width: float
    """Of the samples that are asked for at once."""
    shared: float
    """Share of the prompts' characters that another prompt begins with, from 0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedTrial:
    """One measured setting."""

    workload: str
    """Names equal workloads."""
    shape: WorkloadShape
    settings: Mapping[str, Any]
    """Engine options over the profile's; empty for the profile as it is."""
    tokens_per_second: float
    """0 where the setting failed."""


_TRIAL = TypeAdapter(LoggedTrial)


def shape_of(bodies: Sequence[Mapping[str, Any]], in_flight: int) -> WorkloadShape:
    """Describe a workload.

    Args:
        bodies: Chat completions, as `typed_workload` makes them; at least one.
        in_flight: Requests at once.
    """
    prompts = sorted("\n".join(str(m["content"]) for m in body["messages"]) for body in bodies)
    samples = [int(body.get("n", 1)) for body in bodies]
    common = sum(_common(one, other) for one, other in pairwise(prompts))
    count = len(bodies)
    return WorkloadShape(
        samples=math.log(sum(samples) / count),
        prompt=math.log(1 + sum(map(len, prompts)) / count),
        tokens=math.log(sum(int(body.get("max_tokens", 1)) for body in bodies) / count),
        width=math.log(min(in_flight, count) * sum(samples) / count),
        shared=common / max(1, sum(map(len, prompts))),
    )


def workload_of(bodies: Sequence[Mapping[str, Any]], in_flight: int) -> str:
    """The name of a workload: a hash of its requests and of how many are sent at once."""
    return hashlib.sha256(json.dumps([in_flight, *bodies], sort_keys=True).encode()).hexdigest()[:16]


def log(served: str, device: str, trials: Sequence[LoggedTrial]) -> None:
    """Append trials to the log of a model on a device."""
    with _file(served, device).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(trial), sort_keys=True) + "\n" for trial in trials)


def logged(served: str, device: str) -> list[LoggedTrial]:
    """The trials of a model on a device, the newest of each workload and setting, in the order of their first.

    Raises:
        ModelError: The log is damaged or too large; says which file.
    """
    path = _file(served, device)
    try:
        if path.stat().st_size > _LARGEST:
            raise ModelError(f"`{path}` has more than {_LARGEST:,} bytes: remove it, and measure again.")
        lines = path.read_text(encoding="utf-8").splitlines()[-_MOST:]
        found = [_TRIAL.validate_json(line) for line in lines]
    except FileNotFoundError:
        return []
    except (ValidationError, UnicodeDecodeError):
        raise ModelError(f"`{path}` is damaged: remove it, and measure again.") from None
    return list({(one.workload, setting_name(one.settings)): one for one in found}.values())


def setting_name(settings: Mapping[str, Any]) -> str:
    """A setting as one text, equal for equal ones."""
    return json.dumps(settings, sort_keys=True)


def _common(one: str, other: str) -> int:
    """Characters that two texts begin with."""
    for i, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return i
    return min(len(one), len(other))


def _file(served: str, device: str) -> Path:
    return file_of(served, device).with_suffix(".trials")
