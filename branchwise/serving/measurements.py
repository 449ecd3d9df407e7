"""Saved measurements of a model on a device: fitted seconds, and the best settings found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from branchwise.models.pool import registry as state
from branchwise.serving.idealised import Idealised
from branchwise.store.errors import ModelError


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredMeasurements:
    """Measurements of a model on a device."""

    served: str
    """The model's name in requests."""
    device: str
    idealised: Idealised | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """The engine's options that did best; empty before `branchwise pool tune`."""
    tokens_per_second: float = 0.0
    """What those options reached on the workload they were tuned on."""


_KEPT = TypeAdapter(StoredMeasurements)


def keep(served: str, device: str, **news: Any) -> StoredMeasurements:
    """Update the fields in `news`; the others stay as they are.

    Args:
        served: The model's name in requests.
        device: The device's name, as `hardware.here` gives it.
        **news: Fields of `StoredMeasurements`.
    """
    now = replace(read(served, device) or StoredMeasurements(served=served, device=device), **news)
    path = file_of(served, device)
    half = path.with_suffix(".half")
    half.write_text(json.dumps(asdict(now), indent=1), encoding="utf-8")
    half.replace(path)
    return now


def read(served: str, device: str) -> StoredMeasurements | None:
    """The saved measurements of a model on a device.

    Raises:
        ModelError: The file is damaged; says which.
    """
    return _read(file_of(served, device))


def of_model(served: str) -> tuple[StoredMeasurements, ...]:
    """The saved measurements of a model on any device."""
    found = (_read(path) for path in sorted(_folder().glob("*.json")))
    return tuple(one for one in found if one is not None and one.served == served)


def _read(path: Path) -> StoredMeasurements | None:
    try:
        return _KEPT.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise ModelError(f"`{path}` is damaged: remove it, and measure again.") from None


def file_of(served: str, device: str) -> Path:
    """Where the measurements of a model on a device are kept."""
    name = hashlib.sha256(f"{served}\n{device}".encode()).hexdigest()[:24]
    return _folder() / f"{name}.json"


def _folder() -> Path:
    place = state.folder().parent / "measured"
    place.mkdir(mode=0o700, exist_ok=True)
    return place
