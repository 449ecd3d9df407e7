"""Tune engine settings: start, measure and stop each of them on a workload.

The surface is irregular and differs between devices (2408.01050, which gained 9 to 14 % by tuning again after a change
of GPU), so settings are tried and not reasoned about; the best is kept for the model and the device.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import aiohttp

from branchwise.serving.check import check
from branchwise.serving.launch import launches
from branchwise.serving.measure import Measured, equal_samples, measure
from branchwise.serving.process import Process
from branchwise.serving.profile import Profile, typed_profile
from branchwise.store.errors import BadInput, ModelError

_TICK = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One setting and its measurement."""

    settings: Mapping[str, Any]
    measured: Measured | None = None
    failed: str = ""
    """Why there is no measurement."""

    @property
    def rate(self) -> float:
        """Tokens written a second; 0 where it failed."""
        return self.measured.tokens_per_second if self.measured else 0.0


def grid(tries: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values to try, after the unchanged profile."""
    combined = [dict(zip(tries, values, strict=True)) for values in product(*tries.values())]
    return [{}, *(one for one in combined if one)]


async def tune(
    profile: Profile,
    settings: Sequence[Mapping[str, Any]],
    bodies: Sequence[Mapping[str, Any]],
    *,
    log: Path,
    in_flight: int = 64,
    begin: Callable[[Mapping[str, Any]], None] = lambda settings: None,
    watch: Callable[[Trial], None] = lambda trial: None,
) -> list[Trial]:
    """Measure settings one after another on one replica; the fastest comes first.

    Args:
        profile: The engine without the settings.
        settings: Options to put over the profile's, one mapping a trial.
        bodies: The workload, see `typed_workload`.
        log: Where the engines say what they have to say.
        in_flight: Requests at once.
        begin: Told of each trial's settings when it begins, which may be a minute before it ends.
        watch: Told of each trial when it has ended.

    Raises:
        BadInput: A setting cannot be used; nothing was started.
        ModelError: None of them could be measured; says why.
    """
    one = profile.model_dump(exclude_unset=True) | {"replicas": 1}
    asked = profile.options.model_dump(exclude_unset=True)
    profiles = [typed_profile({**one, "options": {**asked, **setting}}) for setting in settings]
    trials = []
    for setting, wanted in zip(settings, profiles, strict=True):
        begin(setting)
        try:
            found = await _measured(wanted, bodies, log, in_flight)
            trials.append(Trial(settings=setting, measured=found))
        except (ModelError, BadInput) as error:
            trials.append(Trial(settings=setting, failed=str(error)))
        watch(trials[-1])
    best = sorted(trials, key=lambda trial: -trial.rate)
    if best[0].measured is None:
        raise ModelError(f"No setting could be measured. {best[0].failed}")
    return best


async def _measured(
    profile: Profile, bodies: Sequence[Mapping[str, Any]], log: Path, in_flight: int
) -> Measured:
    [launch] = launches(profile)
    check(profile, [launch])
    process = await Process.start(launch, log, profile.grace_seconds)
    try:
        await _ready(process, profile.ready_seconds)
        warm = equal_samples(batch=1, prompt=16, tokens=4)
        await measure([launch.url], profile.served, [warm])
        return await measure([launch.url], profile.served, bodies, in_flight=in_flight)
    finally:
        with suppress(TimeoutError):
            await asyncio.shield(process.stop())


async def _ready(process: Process, seconds: float) -> None:
    ends = time.monotonic() + seconds
    async with aiohttp.ClientSession() as session:
        while not await process.healthy(session):
            if process.ended or time.monotonic() > ends:
                how = process.ended or f"did not answer within {seconds:g} s"
                raise ModelError(f"The engine {how}:\n{process.last_words()}")
            await asyncio.sleep(_TICK)
