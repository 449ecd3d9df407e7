"""Location of fitted policy tables, and the table that a run uses."""

from __future__ import annotations

import re
from pathlib import Path

import platformdirs

from branchwise.agents.planning.policy_table import PolicyTable
from branchwise.graphs import strategies
from branchwise.store.errors import BadInput


def folder() -> Path:
    """The folder of fitted tables in the user's data directory; `branchwise planner fit` writes here."""
    return Path(platformdirs.user_data_dir("branchwise", appauthor=False)) / "policies"


def default_path(task: str, model: str) -> Path:
    """The default table of this task and model."""
    return folder() / f"{_plain(task)}--{_plain(model)}.json"


def policy(named: Path | str | None, task: str, model: str) -> str:
    """The text of the table that a run uses; empty if it uses none.

    Args:
        named: A table's file; None for the default place, "none" for no table.
        task: The run's task.
        model: The run's model.

    Raises:
        BadInput: The file does not exist, is not a policy table, or was fitted on another task.
    """
    if named == "none":
        return ""
    path = default_path(task, model) if named is None else Path(named)
    if not _readable(path):
        if named is None:
            return ""
        raise BadInput(f"There is no policy table `{path}`; `branchwise planner fit` writes one.")
    text = path.read_text(encoding="utf-8")
    table = PolicyTable.loads(text)
    fitted = table.source.get("task", task)
    if fitted != task:
        raise BadInput(f"The policy table `{path}` was fitted on the task `{fitted}`, not `{task}`.")
    for row in table.rows:
        for choice in row.choices:
            strategies.load(choice.strategy, **choice.knobs)
    return text


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)


def _readable(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a home directory that this user may not enter
        return False
