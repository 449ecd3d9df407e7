"""The name is there for everyone, and costs only those who use it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import branchwise.store
from branchwise.store.checkpoints.saver import SQLAlchemySaver


def test_importing_the_store_is_light() -> None:
    program = (
        "import sys, branchwise.store, branchwise.store.database.database; "
        "heavy = {'langgraph', 'langchain_core'} & sys.modules.keys(); assert not heavy, heavy; "
        "from branchwise.store import SQLAlchemySaver; assert 'langgraph' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_name_leads_to_the_class() -> None:
    assert branchwise.store.SQLAlchemySaver is SQLAlchemySaver
    with pytest.raises(AttributeError, match="no attribute `SqliteSaver`"):
        branchwise.store.SqliteSaver  # noqa: B018
