"""Prompt templates: text files beside their agent; a user's folder may override each of them per task."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from branchwise.store.errors import BadInput, UnknownName

_BLANK = re.compile(r"\{([a-z_]+)\}")
_LARGEST = 1_000_000
_MOST = 1_000
"""Most files of an override folder that are read."""
_PACKAGED = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompts:
    """Lookup of prompts: `folder/<task>/<name>.md`, `folder/<name>.md`, then the package's own."""

    folder: Path | None = None

    def load(self, name: str, task: str) -> str:
        """Return the template of agent `name` for `task`.

        Raises:
            BadInput: The override folder does not exist, or a prompt in it cannot be read or is a link out of it.
        """
        if self.folder is not None:
            if not self.folder.is_dir():
                raise BadInput(f"The prompts folder `{self.folder}` does not exist.")
            for override in (self.folder / task / f"{name}.md", self.folder / f"{name}.md"):
                if override.is_file():
                    return _read(self.folder, override, packaged()[name])
        return packaged_text(name)

    def check(self) -> None:
        """Refuse overrides that no agent reads or can fill.

        Raises:
            BadInput: A file has an unknown prompt's name, cannot be read, or has blanks that its agent does
                not fill.
        """
        if self.folder is None:
            return
        known = packaged()
        for path in islice(sorted(self.folder.rglob("*.md")), _MOST):
            parts = path.relative_to(self.folder).with_suffix("").parts
            name = next((n for n in ("/".join(parts), "/".join(parts[1:])) if n in known), None)
            if name is not None:
                _read(self.folder, path, known[name])
            elif path.stem.upper() != path.stem:  # a README is not a prompt
                raise UnknownName("prompt", "/".join(parts), known)


@cache
def packaged() -> Mapping[str, frozenset[str]]:
    """The package's prompts by name, each with its blanks."""
    files = (path for path in sorted(_PACKAGED.rglob("*.md")) if path.stem.upper() != path.stem)
    names = [path.relative_to(_PACKAGED).with_suffix("").as_posix() for path in files]
    return {name: frozenset(_BLANK.findall(packaged_text(name))) for name in names}


@cache
def packaged_text(name: str) -> str:
    """The text of one of the package's prompts."""
    return (_PACKAGED / f"{name}.md").read_text(encoding="utf-8")


def _read(folder: Path, path: Path, blanks: frozenset[str]) -> str:
    """An override; it has only blanks of its agent, and at least one if the agent's own prompt has any."""
    if not path.resolve().is_relative_to(folder.resolve()):  # the folder is untrusted
        raise BadInput(f"The prompt `{path}` is a link out of its folder: copy the text into it.")
    try:
        if path.stat().st_size > _LARGEST:
            raise BadInput(f"The prompt `{path}` has more than {_LARGEST:,} bytes.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The prompt `{path}` cannot be read: {error}.") from error
    found = frozenset(_BLANK.findall(text))
    known = ", ".join(f"{{{blank}}}" for blank in sorted(blanks))
    if unknown := found - blanks:
        raise BadInput(f"The prompt `{path}` has the blank `{{{min(unknown)}}}`; its agent fills {known}.")
    if blanks and not found:
        raise BadInput(
            f"The prompt `{path}` has no blank, so its agent would say nothing of the problem; use {known}."
        )
    return text


def fill(template: str, **values: str) -> str:
    """Put `values` into the `{blanks}` of a template; values are not searched for blanks.

    Raises:
        BadInput: The template has a blank without a value.
    """

    def value(blank: re.Match[str]) -> str:
        if blank[1] not in values:
            raise BadInput(f"A prompt has the blank `{blank[0]}`; known blanks: {', '.join(sorted(values))}.")
        return values[blank[1]]

    return _BLANK.sub(value, template).strip()
