"""Which workflows' runs a worker may claim."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import sqlalchemy as sa

from branchwise.store.database.tables import runs


class Workflows(Protocol):
    """The workflows that a worker can run."""

    @property
    def names(self) -> Collection[str]:
        """Whole names."""
        ...

    @property
    def modules(self) -> Collection[str]:
        """Modules of which it can run every workflow."""
        ...


def among(workflows: Workflows | None) -> sa.ColumnElement[bool]:
    """Whether a run is of one of these workflows; of any, where None."""
    if workflows is None:
        return sa.true()
    within = [runs.c.workflow.startswith(f"{module}:", autoescape=True) for module in workflows.modules]
    return sa.or_(runs.c.workflow.is_(None), runs.c.workflow.in_(list(workflows.names)), *within)
