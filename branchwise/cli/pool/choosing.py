"""`branchwise pool choose`: settings for a workload, learned from the trials that `pool tune` logged."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from branchwise.cli import console
from branchwise.cli.exits import run
from branchwise.cli.pool.tuning import bodies_of
from branchwise.serving.choice import Judged, judged, predicted
from branchwise.serving.hardware import here
from branchwise.serving.launch import on_cuda
from branchwise.serving.profile import read_profile
from branchwise.serving.trial_log import logged, shape_of


def chosen(profile: Path, workload: str, *, in_flight: int, store: str | None, as_json: bool) -> None:
    """Print the predicted speeds, and how good such predictions were on the logged workloads."""
    speeds, how = run(_chosen(profile, workload, in_flight, store))
    if as_json:
        rows = [{"settings": json.loads(name), "speed": speed} for name, speed in speeds.items()]
        print(json.dumps({"settings": rows, "judged": asdict(how)}))
        return
    table = Table("settings", "predicted speed", box=None, pad_edge=False)
    for name, speed in speeds.items():
        words = " ".join(f"--set {key}={json.dumps(value)}" for key, value in json.loads(name).items())
        table.add_row(words or "the profile as it is", f"{speed:.2f}")
    console.out().print(table)
    console.out().print(
        f"Speeds beside the profile as it is. Over {how.workloads} logged workloads, each left out once: "
        f"learned choice {how.learned:.2f} (the best setting for {how.hits}), best fixed setting {how.fixed:.2f}, "
        f"best possible {how.best:.2f}. Learned against fixed, in percent: {how.gain.percent()}, {how.gain.verdict}.",
        soft_wrap=True,
    )


async def _chosen(
    file: Path, workload: str, in_flight: int, store: str | None
) -> tuple[dict[str, float], Judged]:
    profile = read_profile(file, {})
    trials = logged(profile.served, here(cuda=on_cuda(profile)))
    how = judged(trials)
    return predicted(trials, shape_of(await bodies_of(workload, store), in_flight)), how
