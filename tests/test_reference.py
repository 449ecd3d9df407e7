"""The reference pages name what the code has: addresses, fields, kinds of events."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from branchwise.graphs.search.state import EventKind
from branchwise.server.wire import BudgetBody, Extension

ROOT = Path(__file__).parents[1]
HTTP = (ROOT / "docs/http.md").read_text(encoding="utf-8")
EVENTS = (ROOT / "docs/events.md").read_text(encoding="utf-8")


def test_every_address_is_there_and_no_other() -> None:
    routes = set()
    for path in (ROOT / "branchwise/server").glob("*.py"):
        routes |= _routes(path)
    assert len(routes) > 10
    assert set(re.findall(r"^\| `([A-Z]+) (/\S+)` \|", HTTP, re.MULTILINE)) == routes


def _routes(path: Path) -> set[tuple[str, str]]:
    """The method and address of each route of a module, without those of the page."""
    found = set()
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "route":
            words = [str(part.value) for part in call.args if isinstance(part, ast.Constant)]
            if words and words[0] != "/" and not words[0].startswith(("/ui/", "/assets/")):
                found.add((words[1] if len(words) > 1 else "GET", words[0].replace(":path", "")))
    return found


@pytest.mark.parametrize("body", [Extension, BudgetBody], ids=lambda body: str(body.__name__))
def test_every_field_is_there(body: type[Extension | BudgetBody]) -> None:
    for field in body.model_fields:
        assert f"`{field}`" in HTTP


def test_every_kind_of_event_is_there() -> None:
    said = set(re.findall(r"^\| `(\w+)` \|", EVENTS, re.MULTILINE))
    written = {kind for path in (ROOT / "branchwise/graphs").rglob("*.py") for kind in _event_kinds(path)}
    assert {"opened", "node", "subrun"} <= written <= said
    assert set(get_args(EventKind)) <= said
    noted = {
        kind
        for path in (ROOT / "branchwise/store").glob("*.py")
        for kind in re.findall(r"note\([^\n]*, \"(\w+)\"", path.read_text(encoding="utf-8"))
    }
    assert {"created", "claimed"} <= noted <= said


def _event_kinds(path: Path) -> set[str]:
    kinds = set()
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Event":
            kinds |= {str(one.value.value) for one in call.keywords if isinstance(one.value, ast.Constant)}
    return kinds
