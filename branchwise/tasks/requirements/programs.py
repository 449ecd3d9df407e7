"""The requirement that code passes tests, which run in a separate process from the code under test."""

from __future__ import annotations

import ast
import builtins

from branchwise.environments.sandbox.bubblewrap import walls
from branchwise.environments.sandbox.examine import examine
from branchwise.environments.sandbox.limits import Limits
from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.tasks.domains.code_blocks import python_code
from branchwise.tasks.requirements.protocol import Finding, Requirement, kept

_LONGEST = 100_000
_SHOWN = 500
_SECONDS = 5.0


def passes_tests(value: Json, seconds: float = _SECONDS) -> Requirement:
    """Require Python code whose function passes tests; code and tests run in two sandboxes.

    Args:
        value: Python that calls one function: each `assert` is a case, other statements run before them.
        seconds: Wall time that code and tests may take.

    Raises:
        BadInput: The tests are not valid Python, have no `assert`, or do not call exactly one function of the
            code.
    """
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        raise BadInput(f"The requirement `tests` takes Python statements, at most {_LONGEST:,} characters.")
    try:
        parsed = ast.parse(value)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadInput(f"The requirement `tests` is no Python: {error}.") from error
    cases = [[ast.unparse(one)] for one in parsed.body if isinstance(one, ast.Assert)]
    before = "\n".join(ast.unparse(one) for one in parsed.body if not isinstance(one, ast.Assert))
    name = _examined(parsed)
    if not cases:
        raise BadInput("The requirement `tests` holds no `assert` at its top level.")

    def check(text: str) -> Finding:
        found = examine(
            [python_code(text, name)], name, cases, known=[before], limits=Limits(seconds=seconds)
        )
        wrong = [f"{case[0]}: {error}" for case, error in zip(cases, found.errors, strict=True) if error]
        if not wrong:
            return kept()
        said = f"{found.passed} of {len(cases)} tests pass. {wrong[0]}"[:_SHOWN]
        return Finding(kept=False, wrong=said, degree=found.passed / len(cases))

    return Requirement(
        stored={"tests": value},
        words=f"has Python code in one fenced block that defines `{name}`, for which these tests pass:\n{value}",
        check=check,
        ready=_ready,
        blocking=True,
    )


def _ready() -> None:
    walls()


def _examined(parsed: ast.Module) -> str:
    """The function that the tests call and do not define."""
    brought, called = set(dir(builtins)), set()
    for node in ast.walk(parsed):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            brought.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            brought.add(node.name)
        elif isinstance(node, ast.alias):
            brought.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.arg):
            brought.add(node.arg)
        elif isinstance(node, ast.Name):
            called.add(node.id)
    wanted = sorted(called - brought)
    if len(wanted) != 1:
        names = ", ".join(f"`{one}`" for one in wanted) or "none"
        raise BadInput(f"The requirement `tests` calls one function of the code, and these call {names}.")
    return wanted[0]
