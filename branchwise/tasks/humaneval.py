"""HumanEval: complete a Python function so that its tests pass (Chen et al. 2021, arXiv 2107.03374)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from branchwise.environments.sandbox.sandbox import Limits, sandbox
from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain, Verdict, VerifiedBy
from branchwise.tasks.domains.instances import Grades, Instance, read_records
from branchwise.tasks.task import Task

_INSTRUCTIONS = """Complete this Python function. Reply with the whole function in one ```python block.

```python
{problem}
```"""

_FENCE = re.compile(r"```(?:python|py)?[ \t]*\n(?P<code>.*?)(?:```|\Z)", re.DOTALL)
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
        blocking=True,
    )


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Read the problems of HumanEval."""
    for row in read_records(folder, "humaneval_codegen16b/HumanEval.jsonl.gz"):
        yield Instance(
            id=str(row["task_id"]),
            problem=str(row["prompt"]),
            gold=row["canonical_solution"],
            meta={"test": row["test"], "entry_point": row["entry_point"]},
        )


def grade(instance: Instance, text: str, seconds: float = 3.0) -> Grades:
    """Grade by the official tests, in the sandbox."""
    call = f"check({instance.meta['entry_point']})"
    program = f"{_program(instance.problem, text)}\n\n{instance.meta['test']}\n\n{call}\n"
    return {"tests": sandbox(program, limits=Limits(seconds=seconds)).end == "finished"}


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if len(problem) > _LONGEST or re.search(r"^(?:async )?def \w+\(", problem, re.MULTILINE) is None:
        raise BadInput(
            "The problem is the beginning of a Python function: its imports, `def` line and docstring."
        )


def _read_constraints(problem: str) -> Constraints | None:
    """Read the examples `>>> call` of the last function's docstring; the problem is parsed, never run."""
    try:
        functions = [
            n for n in ast.parse(problem.rstrip() + "\n    pass\n").body if isinstance(n, ast.FunctionDef)
        ]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    doc = ast.get_docstring(functions[-1]) if functions else None
    found = re.findall(r">>> (.+)\n(?!>>>)(.+)", doc or "")
    pairs = [
        (call.strip(), result.strip())
        for call, result in found
        if _is_expression(call) and _is_expression(result)
    ]
    items = tuple(f"{call} gives {result}" for call, result in pairs)
    return Constraints(
        items=items, data={"problem": problem, "examples": [list(p) for p in pairs]}, source="program"
    )


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


def _code(text: str) -> str:
    """The code of a reply: its last closed or open fence, else all of it."""
    blocks = [found["code"] for found in _FENCE.finditer(text)]
    return blocks[-1] if blocks else text


def _answer(text: str) -> str | None:
    """The code without comments and layout, so that equal programs are equal answers."""
    code = _code(text)
    try:
        return ast.unparse(ast.parse(code)) or None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code.strip() or None


def _program(problem: str, text: str) -> str:
    """The program to run: a body continues the problem, a whole function comes after its imports."""
    code = _code(text)
    if re.search(r"^(?:async )?def \w+\(|^(?:from|import) ", code, re.MULTILINE):
        return f"{problem.rstrip()}\n    pass\n\n{code}"
    stop = _END.search(code)
    return problem + (code[: stop.start()] if stop else code)


def _check(constraints: Constraints, text: str, complete: bool, seconds: float) -> Verdict | None:
    """Judge a whole function by the examples of its docstring.

    A failing example is proof; passing ones are evidence only, so that even a full pass says "model" and
    not "sound". The score is the share of examples that pass. None where there are no examples.
    """
    examples, problem = constraints.data.get("examples"), constraints.data.get("problem")
    if not complete or not isinstance(examples, list) or not examples:
        return None
    program = _program(str(problem), text)
    passed = 0
    error = ""
    for pair in examples:
        call, result = pair if isinstance(pair, list) else ("", "")
        test = f"{program}\n\nassert ({call}) == ({result}), {str(call)!r}\n"
        outcome = sandbox(test, limits=Limits(seconds=seconds))
        passed += outcome.end == "finished"
        error = error if outcome.end == "finished" else f"{call}: {outcome.error}"
    right = passed == len(examples)
    return Verdict(
        score=100 if right else -100 + 190 * passed / len(examples),
        accepted=right,
        feedback="All examples pass." if right else f"{passed} of {len(examples)} examples pass. {error}",
        verified_by=VerifiedBy.MODEL if right else VerifiedBy.PROGRAM,
        verifier="docstring examples",
    )
