"""The requirement that a whole text matches a pattern, in linear time."""

from __future__ import annotations

from branchwise.models.patterns import linear_pattern
from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.tasks.requirements.protocol import Requirement, finding


def pattern(value: Json) -> Requirement:
    """Require that the whole text, white space around it aside, matches a pattern.

    Raises:
        BadInput: It is invalid, or uses lookaround or backreferences, which cannot be matched in linear time.
    """
    if not isinstance(value, str) or not value:
        raise BadInput("The requirement `pattern` takes a regular expression.")
    compiled = linear_pattern(value)
    return Requirement(
        stored={"pattern": value},
        words=f"matches this regular expression as a whole: {value}",
        check=lambda text: finding(compiled.fullmatch(text.strip()), "it does not match"),
        regex=value,
    )
