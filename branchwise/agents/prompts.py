"""Prompts are text files beside their agent; a user's folder may override any of them per task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from branchwise.store.errors import BadInput

_BLANK = re.compile(r"\{([a-z_]+)\}")
_PACKAGED = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompts:
    """Where prompts are looked up: `folder/<task>/<name>.md`, `folder/<name>.md`, then the package's own."""

    folder: Path | None = None

    def load(self, name: str, task: str) -> str:
        """Return the template of agent `name` for `task`.

        Raises:
            BadInput: The override folder does not exist.
        """
        if self.folder is not None:
            if not self.folder.is_dir():
                raise BadInput(f"The prompts folder `{self.folder}` does not exist.")
            for override in (self.folder / task / f"{name}.md", self.folder / f"{name}.md"):
                if override.is_file():
                    return override.read_text(encoding="utf-8")
        return _packaged(name)


@cache
def _packaged(name: str) -> str:
    return (_PACKAGED / f"{name}.md").read_text(encoding="utf-8")


def fill(template: str, **values: str) -> str:
    """Put `values` into the `{blanks}` of a template; what is put in is not searched for blanks again.

    Raises:
        BadInput: The template has a blank that there is no value for.
    """

    def value(blank: re.Match[str]) -> str:
        if blank[1] not in values:
            raise BadInput(f"A prompt has the blank `{blank[0]}`; known blanks: {', '.join(sorted(values))}.")
        return values[blank[1]]

    return _BLANK.sub(value, template).strip()
