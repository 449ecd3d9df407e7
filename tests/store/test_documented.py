"""The page about the tables names all there is, and its queries are those of the example."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa

from branchwise.store.database.database import Database

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tables.md").read_text(encoding="utf-8")


def test_every_table_view_and_column_is_documented(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    there = database.read(
        lambda c: {
            name: [column["name"] for column in sa.inspect(c).get_columns(name)]
            for name in [*sa.inspect(c).get_table_names(), *sa.inspect(c).get_view_names()]
        }
    )
    database.close()
    assert len(there) >= 14
    words = set(re.findall(r"`(\w+)`", PAGE))
    for name, columns in there.items():
        assert name in words
        assert set(columns) <= words, name


def test_the_pages_queries_are_the_examples() -> None:
    example = " ".join((ROOT / "examples/three_questions.py").read_text(encoding="utf-8").split())
    queries = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert len(queries) == 2
    for query in queries:
        assert " ".join(query.split()) in example
