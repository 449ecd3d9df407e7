"""Settings that all sessions of one browser share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from branchwise.environments.browser.screenshot import Screenshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Settings and resources that all sessions of one browser share."""

    url: str
    origin: str
    phrases: tuple[str, ...]
    secrets: Mapping[str, str] = field(repr=False)
    screenshot: Screenshot
    idle_seconds: float
    timeout: float
    rewinds: bool
    files: Mapping[str, Path] = field(default_factory=dict)
    """Files that may be uploaded, by name."""
