"""What a workflow gave that is an arm of a search."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, TypeAdapter

from branchwise.store.records import Usage


class Worked(BaseModel):
    """What a sub-run of a workflow gave."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str | None
    """Its answer; None if it has none, or its part of the budget was spent first."""
    ended: bool
    """Whether it came to its end."""
    usage: Usage


WORKED = TypeAdapter(Worked)
