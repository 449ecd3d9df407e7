"""Pool profiles in TOML: the model, the number of engines, devices and options."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from branchwise.serving.options import EngineOptions
from branchwise.store.errors import BadInput, UnknownName

_RUNS = frozenset({"command", "environment", "arguments", "trust_remote_code"})
"""Settings by which a profile has code run."""
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0)]


class Profile(BaseModel):
    """How `branchwise pool up` starts a pool."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    model: str
    """A folder of safetensors (starting with `/`, `.` or `~`, or simply there), or a name on the hub."""
    replicas: Annotated[int, Field(ge=1, le=64)] = 1
    device: Literal["auto", "cuda", "cpu"] = "auto"
    devices: Annotated[list[str], Field()] = []
    """GPU numbers, of which each replica takes as many as its options need; or, on CPU, one range of cores a
    replica (`0-7`), `nobind` to let its threads move. Left out: GPUs in order, or an even share of the cores."""
    host: str = "127.0.0.1"
    """Where the engines listen. Elsewhere than on this machine, put a key into `VLLM_API_KEY`."""
    port: Port = 0
    """The first replica's port; the next ones follow. 0 takes free ports."""
    command: list[str] = []
    """What starts an engine, before its options. Left out: vLLM where it is found (docs/pool.md)."""
    environment: dict[str, str] = {}
    """Variables set for the engines, beside those of this process."""
    ready_seconds: Seconds = 900.0
    """How long an engine may take until it answers."""
    unhealthy_seconds: Seconds = 60.0
    """How long a running engine may leave its health unanswered before it is started again."""
    drain_seconds: Seconds = 60.0
    """How long requests in flight may take to end when the pool stops."""
    grace_seconds: Seconds = 15.0
    """How long an engine may take to end after SIGTERM, before SIGKILL."""
    arguments: list[str] = []
    """Words put at the end of the engine's command line as they are, for options that are not checked here."""
    options: EngineOptions = EngineOptions()

    @property
    def served(self) -> str:
        """The model's name in requests."""
        return self.options.served_model_name or Path(self.model).name or self.model


def read_profile(file: Path | None, said: Mapping[str, Any]) -> Profile:
    """Read a profile from TOML; values of the command line override it.

    Args:
        file: The TOML file, or None for a profile that is all said.
        said: Values by name; `options` is merged with the file's, every other value replaces the file's.

    Raises:
        BadInput: It is no TOML, a name is unknown (with the nearest known one), a value is impossible, or the
            file is somebody else's and says what to run.
    """
    written: dict[str, Any] = {}
    if file is not None:
        try:
            written = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadInput(f"The profile `{file}` cannot be read: {error.strerror}.") from None
        except (ValueError, RecursionError) as error:  # of TOML, of UTF-8, of integers without end
            raise BadInput(f"The profile `{file}` is no TOML: {error}.") from None
        _refuse_foreign(file, written)
    options = written.get("options", {})
    if isinstance(options, Mapping):
        options = {**options, **said.get("options", {})}
    whole = {**written, **said, "options": options}
    if "model" not in whole:
        raise BadInput("Which model? Name it with --model, or in a profile with `model = …`.")
    return typed_profile(whole)


def said_to_run(profile: Profile) -> tuple[str, ...]:
    """The settings of a profile by which it decides what is run on this machine."""
    given = {**dict(profile), **dict(profile.options)}
    return tuple(sorted(name for name in _RUNS if given.get(name)))


def _refuse_foreign(file: Path, written: Mapping[str, Any]) -> None:
    """Refuse a file that says what to run and that another user owns or may write."""
    options = written.get("options")
    runs = sorted(_RUNS & (written.keys() | (options.keys() if isinstance(options, Mapping) else set())))
    found = file.stat()
    foreign = hasattr(os, "geteuid") and found.st_uid not in {os.geteuid(), 0}
    if runs and (foreign or found.st_mode & stat.S_IWOTH):
        raise BadInput(
            f"The profile `{file}` says what to run (`{runs[0]}`), and others than you can write it: "
            "read it, then use a copy of your own."
        )


def typed_profile(values: Mapping[str, Any]) -> Profile:
    """Check the types and bounds of a profile's values.

    Raises:
        BadInput: Says which value, why, and for an unknown name the nearest known one.
    """
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        # A name with a slip is an unknown one and often a missing one too: the slip is what helps.
        first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    where = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        kind = f"setting in [{'.'.join(where[:-1])}]" if where[:-1] else "setting"
        raise UnknownName(kind, where[-1], _near(where))
    reason, value = first["msg"].removeprefix("Value error, "), first["input"]
    verdict = f" cannot be {value!r}" if isinstance(value, str | int | float) else ""
    raise BadInput(f"The profile's `{'.'.join(where)}`{verdict}: {reason}.")


def _near(where: list[str]) -> list[str]:
    kind: Any = Profile
    for part in where[:-1]:
        annotation = kind.model_fields[part].annotation
        kind = next(
            (k for k in getattr(annotation, "__args__", ()) if hasattr(k, "model_fields")), annotation
        )
    return list(kind.model_fields)
