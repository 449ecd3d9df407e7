"""`branchwise pool tune`: measure engine settings on a workload and keep the best for model and device."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from branchwise.cli import console
from branchwise.cli.console import Terminal
from branchwise.cli.exits import run
from branchwise.cli.pool.starting import setting, tell
from branchwise.cli.showing import find_run
from branchwise.models.pool import registry as state
from branchwise.serving import measurements as kept
from branchwise.serving.hardware import here
from branchwise.serving.launch import launches, on_cuda
from branchwise.serving.measure import equal_samples, typed_workload
from branchwise.serving.profile import read_profile
from branchwise.serving.trial_log import LoggedTrial, shape_of, workload_of
from branchwise.serving.trial_log import log as log_trials
from branchwise.serving.tune import Trial, grid, tune
from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.store.store import Store

_TRIES: Mapping[str, Sequence[Any]] = {"max_num_seqs": (16, 64, 256), "enable_chunked_prefill": (True, False)}
"""Settings tried by default."""


def tuned(
    profile: Path,
    workload: str | None,
    tries: list[str],
    *,
    in_flight: int,
    store: str | None,
    as_json: bool,
) -> None:
    """Measure the settings, print the trials, keep the best."""
    out = console.err(quiet=as_json)
    trials, device = run(_tried(profile, workload, tries, in_flight, store, out))
    if as_json:
        rows = [
            {"settings": dict(t.settings), "tokens_per_second": t.rate, "failed": t.failed} for t in trials
        ]
        print(json.dumps({"device": device, "trials": rows}))
        return
    table = Table("settings", "tokens/s", "beside the best", box=None, pad_edge=False)
    for trial in trials:
        rate = f"{trial.rate:,.1f}" if trial.measured else "failed"
        table.add_row(_words(trial.settings), rate, f"{trial.rate / trials[0].rate:.0%}")
    console.out().print(table)
    out.print(
        f"Kept for this model on {device}: `branchwise pool up --profile {profile} --tuned` uses it.",
        soft_wrap=True,
    )


async def _tried(
    file: Path, workload: str | None, tries: list[str], in_flight: int, store: str | None, out: Terminal
) -> tuple[list[Trial], str]:
    profile = read_profile(file, {})
    tell(file, profile, launches(profile))
    asked = _asked(tries) if tries else _TRIES
    bodies = await bodies_of(workload, store)
    settings = grid(asked)
    begun = 0

    def begin(setting: Mapping[str, Any]) -> None:
        nonlocal begun
        if not begun:
            out.print(f"{len(settings)} settings, {len(bodies)} requests each.")
        begun += 1
        status.update(f"  {begun} of {len(settings)}: {_words(setting)}")

    def watch(trial: Trial) -> None:
        result = f"{trial.rate:,.1f} tokens/s" if trial.measured else trial.failed
        out.print(f"  {_words(trial.settings)}: {result}", soft_wrap=True)

    log = state.folder() / "tune.log"
    log.unlink(missing_ok=True)
    with out.status("") as status:
        trials = await tune(profile, settings, bodies, log=log, in_flight=in_flight, begin=begin, watch=watch)
    device = here(cuda=on_cuda(profile))
    best = trials[0]
    kept.keep(profile.served, device, options=dict(best.settings), tokens_per_second=best.rate)
    name, shape = workload_of(bodies, in_flight), shape_of(bodies, in_flight)
    measured = [
        LoggedTrial(workload=name, shape=shape, settings=dict(one.settings), tokens_per_second=one.rate)
        for one in trials
    ]
    log_trials(profile.served, device, measured)
    return trials, device


async def bodies_of(workload: str | None, store: str | None) -> list[dict[str, Any]]:
    """The requests of a workload: of a run, of a file, or synthetic ones."""
    if workload:
        return typed_workload(await _lines(workload, store))
    return [equal_samples(batch=8, prompt=200, tokens=32, salt=f"problem {number}") for number in range(8)]


def _asked(tries: list[str]) -> dict[str, list[Any]]:
    """Read `max_num_seqs=16,64`."""
    asked = {}
    for text in tries:
        name, equals, values = text.partition("=")
        if not equals or not values:
            raise BadInput(f"Values to try are written name=a,b, not `{text}`.")
        asked[name.replace("-", "_")] = [setting(f"{name}={value}")[1] for value in values.split(",")]
    return asked


async def _lines(workload: str, store: str | None) -> list[Json]:
    """The requests of a JSON lines file or of a run."""
    file = Path(workload)
    if file.suffix in {".json", ".jsonl"}:
        return _from_file(file)
    found = await find_run(workload, store)
    async with Store.opened(store) as db:
        calls = await db.calls(found.id)
    requests = [call.request for call in calls if call.kind == "model" and call.state == "done"]
    if not requests:
        raise BadInput(f"The run `{found.id}` has recorded no model call.")
    return requests


def _from_file(file: Path) -> list[Json]:
    try:
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise BadInput(f"The workload `{file}` cannot be read: {error.strerror}.") from None
    except ValueError:
        raise BadInput(f"The workload `{file}` is not a file of JSON lines.") from None


def _words(settings: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items()) or "the profile as it is"
