"""`branchwise pool up`: build a checked profile, start its engines, show progress until they are ready."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import subprocess
import time
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from branchwise.cli import console
from branchwise.cli.exits import Exit, run
from branchwise.cli.pool.progress import PoolProgress
from branchwise.models.pool import registry as state
from branchwise.models.pool.registry import PoolState
from branchwise.serving import measurements as kept
from branchwise.serving.check import check
from branchwise.serving.detached import detach as detach_pool
from branchwise.serving.detached import supervisor_log
from branchwise.serving.hardware import here
from branchwise.serving.launch import Launch, launches, on_cuda
from branchwise.serving.process import tail
from branchwise.serving.profile import Profile, read_profile, said_to_run
from branchwise.serving.supervisor import supervise
from branchwise.store.errors import BadInput, ModelError

_TICK = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class UpOptions:
    """Options of `pool up`."""

    model: str | None
    replicas: int | None
    profile: Path | None
    name: str
    devices: str | None
    port: int | None
    command: str | None
    settings: list[str]
    tuned: bool = False
    """Override the profile with the best settings that `branchwise pool tune` found on this machine."""


def up(wish: UpOptions, *, detach: bool, dry_run: bool, as_json: bool) -> None:
    """Start the pool in this process or in the background."""
    profile, planned = run(_prepared(wish))
    if dry_run:
        _print_plan(planned, as_json=as_json)
        return
    tell(wish.profile, profile, planned)
    with PoolProgress(silent=as_json) as progress:
        if detach:
            ready = run(_in_background(wish.name, profile, progress))
            _announce(ready, progress, as_json=as_json)
            return
        told = False

        def watch(now: PoolState) -> None:
            nonlocal told
            progress(now)
            if now.ready and not told:
                told = True
                _announce(now, progress, as_json=as_json)

        run(supervise(wish.name, profile, planned, watch))


def tell(file: Path | None, profile: Profile, planned: tuple[Launch, ...]) -> None:
    """Print what a profile has run on this machine, before it is run."""
    if file is None or not (names := said_to_run(profile)):
        return
    line = shlex.join(planned[0].command)
    console.err().print(
        f"The profile `{file}` says what is run ({', '.join(names)}): {line}", style="dim", soft_wrap=True
    )


async def _prepared(wish: UpOptions) -> tuple[Profile, tuple[Launch, ...]]:
    said: dict[str, Any] = {
        key: getattr(wish, key) for key in ("model", "replicas", "port") if getattr(wish, key) is not None
    }
    if wish.devices is not None:
        said["devices"] = wish.devices.split(";" if ";" in wish.devices or "-" in wish.devices else ",")
    if wish.command is not None:
        said["command"] = shlex.split(wish.command)
    said["options"] = dict(setting(text) for text in wish.settings)
    profile = read_profile(wish.profile, said)
    if wish.tuned:
        said["options"] = {**_best(profile), **said["options"]}
        profile = read_profile(wish.profile, said)
    if state.alive(wish.name):
        raise BadInput(
            f"A pool `{wish.name}` is already running: `branchwise pool down {wish.name}` stops it."
        )
    planned = launches(profile)
    check(profile, planned)
    return profile, planned


def setting(text: str) -> tuple[str, Any]:
    """Parse `name=value`; the value is TOML, or otherwise a string.

    Raises:
        BadInput: There is no `=`.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"An option is written name=value, not `{text}`.")
    try:
        return name.replace("-", "_"), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.replace("-", "_"), value  # strings need no quotes on the command line


def _best(profile: Profile) -> Mapping[str, Any]:
    device = here(cuda=on_cuda(profile))
    found = kept.read(profile.served, device)
    if found is None or not found.tokens_per_second:
        raise BadInput(
            f"`{profile.served}` was not tuned on {device} yet; run `branchwise pool tune --profile …`."
        )
    return found.options


async def _in_background(name: str, profile: Profile, progress: PoolProgress) -> PoolState:
    process = detach_pool(name, profile)
    try:
        return await asyncio.to_thread(_until_ready, name, process, progress)
    except BaseException:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        raise


def _until_ready(name: str, process: subprocess.Popen[bytes], progress: PoolProgress) -> PoolState:
    while process.poll() is None:
        now = state.read(name)
        if now is not None and now.pid == process.pid:
            progress(now)
            if now.ready:
                return now
        time.sleep(_TICK)
    raise ModelError(
        tail(supervisor_log(name), 20) or f"The supervisor ended with code {process.returncode}."
    )


def _announce(now: PoolState, progress: PoolProgress, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(now)), flush=True)
        return
    progress.say(f"The pool `{now.name}` serves `{now.served}`:", "bold")
    for replica in now.replicas:
        progress.say(f"  {replica.url}")
    progress.say(
        f"  branchwise solve --model pool:{now.name} …   branchwise pool status   branchwise pool down"
    )


def _print_plan(planned: tuple[Launch, ...], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(launch) for launch in planned]))
        return
    out = console.out()
    for launch in planned:
        words = [f"{name}={shlex.quote(value)}" for name, value in launch.environment.items()]
        out.print(" ".join([*words, shlex.join(launch.command)]), soft_wrap=True)
    raise typer.Exit(Exit.SOLVED)
