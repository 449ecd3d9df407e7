"""Filter of runs by the workflows of a worker."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import sqlalchemy as sa

from branchwise.store.database.tables import runs


class Workflows(Protocol):
    """The workflows that a worker can run."""

    @property
    def names(self) -> Collection[str]:
        """Full workflow names."""
        ...

    @property
    def modules(self) -> Collection[str]:
        """Modules all of whose workflows it can run."""
        ...


def among(workflows: Workflows | None, without: Collection[str] = ()) -> sa.ColumnElement[bool]:
    """SQL condition: the run has one of these workflows (any, if None) and is not in `without`."""
    others = runs.c.id.not_in(list(without)) if without else sa.true()
    if workflows is None:
        return others
    # Not LIKE, which folds case on SQLite.
    within = [
        sa.func.substr(runs.c.workflow, 1, len(module) + 1) == f"{module}:" for module in workflows.modules
    ]
    known = sa.or_(runs.c.workflow.is_(None), runs.c.workflow.in_(list(workflows.names)), *within)
    return sa.and_(known, others)
