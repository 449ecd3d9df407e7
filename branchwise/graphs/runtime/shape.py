"""Shape of a workflow: a hash of the graph and of its code, which detects checkpoints of other code."""

from __future__ import annotations

import ast
import hashlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

from langgraph.pregel import Pregel


def shape(graph: Pregel[Any, Any, Any, Any], module: ModuleType | None) -> str:
    """A hash of a graph and of the code of its module.

    The code is hashed as a syntax tree without comments and docstrings, so that only changes that can affect
    a run count. Without readable source the bytes of the file are hashed; without a file, the graph alone.
    Helpers in other modules are not included: `resume --from-start` checks a run against them, at no cost.
    """
    file = None if module is None else getattr(module, "__file__", None)
    parts = [
        sorted(graph.nodes),
        sorted((name, type(channel).__name__) for name, channel in graph.channels.items()),
        _code(Path(file)) if file else "",
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _code(file: Path) -> str:
    try:
        source = file.read_bytes()
    except OSError:
        return ""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # compiled code has no source to read
        return hashlib.sha256(source).hexdigest()
    for part in ast.walk(tree):
        if isinstance(part, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstring(part)
    return ast.dump(tree)


def _drop_docstring(part: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    first = part.body[0] if part.body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        part.body = part.body[1:]


def documented(thing: Any) -> str:
    """The first line of a workflow's docstring, else of its module's."""
    own = inspect.getdoc(thing) if inspect.isroutine(thing) else None
    module = inspect.getmodule(thing)
    return ((own or (module and module.__doc__) or "").strip().splitlines() or [""])[0]
