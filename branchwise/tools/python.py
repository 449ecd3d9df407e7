"""Python as a tool: code runs in the sandbox, after the earlier code of the same trajectory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from branchwise.environments.sandbox.limits import Limits, ProgramOutcome
from branchwise.environments.sandbox.sandbox import sandbox
from branchwise.models.protocol import Tool
from branchwise.store.records import Json
from branchwise.tools.direct import cut
from branchwise.tools.function import function_tool
from branchwise.tools.protocol import READ_ONLY, Arguments, ToolHints, ToolResult

_MOST_CODE = 50_000
_STARTING = 20.0
"""Seconds for the sandbox's own start on a busy machine."""
_ENDED = "The program was ended. "
_DESCRIPTION = (
    "Run Python code; its output and the value of a last expression are returned. Variables of earlier calls are "
    "kept. Only the standard library; no network, no files of this machine."
)
_RUNNER = """
import ast, os, random, sys

def _cell(text, names):
    tree = ast.parse(text, "code.py")
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "code.py", "exec"), names)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), "code.py", "eval"), names)
        if value is not None:
            print(repr(value))

def _line(error):
    lines = [getattr(error, "lineno", None)]
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "code.py":
            lines.append(frame.tb_lineno)
        frame = frame.tb_next
    return lines[-1]

def _run(cells):
    random.seed(0)
    names = {"__name__": "__main__"}
    loud, quiet = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    for number, text in enumerate(cells, 1):
        for descriptor in (1, 2):
            os.dup2(loud if number == len(cells) else quiet, descriptor)
        try:
            _cell(text, names)
        except BaseException as error:
            print(f"{type(error).__name__}: {error} (line {_line(error)})")
        sys.stdout.flush()
"""


def run_cells(cells: Sequence[str], *, limits: Limits | None = None) -> ProgramOutcome:
    """Run pieces of code one after another in one namespace; blocks.

    The output is that of the last piece only, with the value of its last expression, or its exception. The earlier ones
    run again each time, so that nothing is lost when a process ends; they count for the limits. The generator of
    `random` begins from the same seed.

    Args:
        cells: Source texts; at least one.
        limits: Limits of all together.

    Raises:
        SandboxError: Untrusted programs cannot be run here; it says what to install.
    """
    return sandbox(f"{_RUNNER}\n_run({list(cells)!r})\n", limits=limits)


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonTool:
    """The Python tool; made by `python`."""

    limits: Limits
    output: int
    spec: Tool
    hints: ToolHints = field(default=READ_ONLY)

    @property
    def timeout(self) -> float:
        """Seconds of one call: those of the program, and the sandbox's start."""
        return self.limits.seconds + _STARTING

    def carried(self, earlier: Sequence[tuple[Arguments, str]], arguments: Arguments) -> Arguments:
        """The arguments with the code of earlier calls; see `Stateful`."""
        cells: list[Json] = [
            given["code"] for given, said in earlier if "code" in given and _ENDED not in said
        ]
        return {**arguments, "earlier": cells} if cells else arguments

    async def call(self, arguments: Arguments) -> ToolResult:
        """Run the code.

        Raises:
            BadInput: The arguments do not fit the schema.
            SandboxError: Untrusted programs cannot be run here.
        """
        return await function_tool(self._run, name=self.spec.name).call(arguments)

    async def _run(
        self,
        code: Annotated[str, Field(min_length=1, max_length=_MOST_CODE)],
        earlier: Annotated[list[str], Field(max_length=100)] = [],  # noqa: B006 - never changed
    ) -> ToolResult:
        outcome = await asyncio.to_thread(run_cells, [*earlier, code], limits=self.limits)
        text = cut(outcome.output.rstrip("\n"), self.output)
        if outcome.end == "finished":
            return ToolResult(text=text or "(no output)")
        return ToolResult(text=f"{text}\n{_ENDED}{outcome.error}".lstrip("\n"), error=True)


def python(
    *, name: str = "python", seconds: float = 10.0, output: int = 2_000, limits: Limits | None = None
) -> PythonTool:
    """Make the Python tool. It is read-only: nothing outside the sandbox changes.

    Args:
        name: Its name for the model.
        seconds: Maximum wall time of one call, with the earlier code of the trajectory.
        output: Maximum characters of output that are returned; a program that prints more than 64 kB is ended.
        limits: All limits, instead of `seconds`.
    """
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"code": {"type": "string", "description": "Python source text."}},
        "required": ["code"],
        "additionalProperties": False,
    }
    return PythonTool(
        limits=limits or Limits(seconds=seconds),
        output=output,
        spec=Tool(name=name, description=_DESCRIPTION, parameters=schema),
    )
