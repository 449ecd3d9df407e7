"""HumanEval: complete a Python function so that its tests pass (Chen et al. 2021, arXiv 2107.03374)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from branchwise.environments.sandbox.bubblewrap import walls
from branchwise.environments.sandbox.examine import Examined, examine
from branchwise.environments.sandbox.limits import Limits
from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain, Verdict, VerifiedBy
from branchwise.tasks.domains.code_blocks import defines, is_python, python_code
from branchwise.tasks.domains.instances import Grades, Instance, read_records
from branchwise.tasks.task import Task

_FILES = (
    "humaneval_codegen16b/HumanEval.jsonl.gz",
    "humaneval/HumanEval.jsonl.gz",
    "openai_humaneval/**/test-*.parquet",
)
_INSTRUCTIONS = """Complete this Python function. Reply with the whole function in one ```python block.

```python
{problem}
```"""

_END = re.compile(r"^(?:class |if __name__|print\(|#|assert )", re.MULTILINE)
_LONGEST = 100_000


def humaneval(seconds: float = 3.0) -> Task:
    """Build the task; its checker runs the examples of the docstring, never the benchmark's hidden tests.

    Args:
        seconds: Wall time that a program may take in the sandbox.
    """

    def check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
        return _check(constraints, text, complete, seconds)

    return Task(
        name="humaneval",
        about="Complete a Python function (HumanEval); examples and tests run in a sandbox.",
        instructions=_INSTRUCTIONS,
        validate=_validate,
        read_constraints=_read_constraints,
        output_format=_shape,
        is_complete=lambda text: text.count("```") >= 2,
        answer=_answer,
        check=check,
        ready=_ready,
        blocking=True,
    )


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Read the problems of HumanEval."""
    for row in read_records(folder, *_FILES):
        yield Instance(
            id=str(row["task_id"]),
            problem=str(row["prompt"]),
            gold=row["canonical_solution"],
            meta={"test": row["test"], "entry_point": row["entry_point"]},
        )


def grade(instance: Instance, text: str, seconds: float = 3.0) -> Grades:
    """Grade by the official tests, which run in a separate process from the program under test."""
    name, tests = str(instance.meta["entry_point"]), str(instance.meta["test"])
    cases = [[f"check({name})"]]
    return {"tests": _examined(instance.problem, text, name, cases, seconds, tests).passed == 1}


def _ready() -> None:
    walls()


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if len(problem) > _LONGEST or re.search(r"^(?:async )?def \w+\(", problem, re.MULTILINE) is None:
        raise BadInput(
            "The problem is the beginning of a Python function: its imports, `def` line and docstring."
        )


def _read_constraints(problem: str) -> Constraints | None:
    """Parse the examples `>>> call` of the last function's docstring; the problem is not run."""
    try:
        functions = [
            n for n in ast.parse(problem.rstrip() + "\n    pass\n").body if isinstance(n, ast.FunctionDef)
        ]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    doc = ast.get_docstring(functions[-1]) if functions else None
    found = _examples((doc or "").split("\n"))
    pairs = [
        (call.strip(), result.strip())
        for call, result in found
        if _is_expression(call) and _is_expression(result)
    ]
    items = tuple(f"{call} gives {result}" for call, result in pairs)
    return Constraints(
        items=items, data={"problem": problem, "examples": [list(p) for p in pairs]}, source="program"
    )


def _examples(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Each `>>> call` with the line after it."""
    found = []
    for line, after in pairwise(lines):
        _, _, call = line.partition(">>> ")
        if call and after and not after.startswith(">>>"):
            found.append((call, after))
    return found


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _shape(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
    if grain == "solution":
        return OutputFormat(max_tokens=512)
    return OutputFormat(max_tokens=96, stop=("\n\n",))


def _answer(text: str) -> str | None:
    """The code without comments and layout, so that equal programs are equal answers."""
    code = python_code(text)
    try:
        return ast.unparse(ast.parse(code)) or None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code.strip() or None


def _program(problem: str, text: str, name: str) -> list[str]:
    """The program as source texts: the problem and a whole function after it, or the problem continued by a body."""
    code = python_code(text, name)
    if defines(code) or re.match(r"(?:from|import) ", code):
        return [_known(problem), code]
    stop = _END.search(code)
    return [problem + (code[: stop.start()] if stop else code)]


def _known(problem: str) -> str:
    """The problem as a program: its imports, its helpers, and the function without a body."""
    return f"{problem.rstrip()}\n    pass\n"


def _name(problem: str) -> str:
    """The name of the function to complete, the last one of the problem."""
    return str(re.findall(r"^(?:async )?def (\w+)\(", problem, re.MULTILINE)[-1])


def _examined(
    problem: str, text: str, name: str, cases: list[list[str]], seconds: float, tests: str = ""
) -> Examined:
    return examine(
        _program(problem, text, name),
        name,
        cases,
        known=[_known(problem)],
        tests=[tests],
        limits=Limits(seconds=seconds),
    )


def _check(constraints: Constraints, text: str, complete: bool, seconds: float) -> Verdict | None:
    """Judge a whole function by the examples of its docstring.

    A failing example is proof; passing ones are evidence only, so that even a full pass is verified by
    "model" and not by "program". The score is the share of examples that pass. None without examples. A reply
    without readable Python fails without proof.
    """
    examples, problem = constraints.data.get("examples"), str(constraints.data.get("problem"))
    if not complete or not isinstance(examples, list) or not examples:
        return None
    cases = [[str(part) for part in pair] for pair in examples if isinstance(pair, list)]
    name = _name(problem)
    errors = _examined(problem, text, name, cases, seconds).errors
    passed = sum(not error for error in errors)
    wrong = [f"{call[:200]}: {error}" for (call, _), error in zip(cases, errors, strict=True) if error]
    readable = all(is_python(part) for part in _program(problem, text, name))
    return Verdict(
        score=-100 + 190 * passed / len(cases) if wrong else 100,
        accepted=not wrong,
        feedback=f"{passed} of {len(cases)} examples pass. {wrong[-1]}" if wrong else "All examples pass.",
        verified_by=VerifiedBy.PROGRAM if wrong and readable else VerifiedBy.MODEL,
        verifier="docstring examples",
    )
