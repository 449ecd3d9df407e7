"""Python as a tool: in the real sandbox, with the state of the trajectory, bounded."""

from __future__ import annotations

import pytest

from branchwise.environments.sandbox.limits import Limits
from branchwise.tools.direct import called
from branchwise.tools.protocol import Stateful
from branchwise.tools.python import PythonTool, python, run_cells


@pytest.fixture(scope="module")
def tool() -> PythonTool:
    return python(limits=Limits(seconds=3.0))


async def test_output_and_the_last_value_are_returned(tool: PythonTool) -> None:
    assert (await called(tool, {"code": "print('a')\n2 ** 100"})).text == f"a\n{2**100}"
    assert (await called(tool, {"code": "x = 1"})).text == "(no output)"


async def test_variables_of_earlier_calls_are_kept_and_their_output_is_not_repeated(tool: PythonTool) -> None:
    assert isinstance(tool, Stateful)
    earlier = [({"code": "print('one')\nx = 41\nimport math"}, "one"), ({"code": "x += 1\n1 / 0"}, "...")]
    given = tool.carried(earlier, {"code": "print(x, math.floor(2.5))"})
    assert (await called(tool, given)).text == "42 2"


async def test_an_exception_names_its_line(tool: PythonTool) -> None:
    assert (
        await called(tool, {"code": "x = 1\nx / 0"})
    ).text == "ZeroDivisionError: division by zero (line 2)"
    assert "SyntaxError" in (await called(tool, {"code": "x = = 1"})).text
    assert "SystemExit: 3" in (await called(tool, {"code": "import sys\nsys.exit(3)"})).text


async def test_code_that_was_ended_is_not_carried(tool: PythonTool) -> None:
    endless = {"code": "y = 1\nwhile True: pass"}
    result = await called(tool, endless)
    assert result.error
    assert "ran out of time" in result.text
    assert tool.carried([(endless, result.text)], {"code": "1"}) == {"code": "1"}


async def test_random_numbers_are_the_same_in_every_call(tool: PythonTool) -> None:
    drawn = {"code": "import random\nr = random.random()\nr"}
    first = await called(tool, drawn)
    again = await called(tool, tool.carried([(drawn, first.text)], {"code": "r"}))
    assert again.text == first.text


async def test_output_is_bounded() -> None:
    assert len((await called(python(output=100), {"code": "print('x' * 5000)"})).text) == 100
    result = await called(python(output=100), {"code": "while True: print('x' * 5000)"})
    assert result.error
    assert result.text.endswith("It printed too much.")
    assert len(result.text) < 200


async def test_the_machine_and_the_network_are_out_of_reach(tool: PythonTool) -> None:
    tries = """
import os, socket
seen = []
for path in ("/etc/passwd", "/var/lib", "/run", "/home"):
    seen.append(os.path.exists(path))
try:
    socket.create_connection(("127.0.0.1", 5432), 1)
    seen.append(True)
except OSError:
    seen.append(False)
seen
"""
    assert (await called(tool, {"code": tries})).text == "[False, False, False, False, False]"


async def test_arguments_of_a_model_are_checked(tool: PythonTool) -> None:
    assert (await called(tool, {"code": 3})).error
    assert (await called(tool, {"program": "1"})).error
    assert (await called(tool, {"code": "1", "earlier": "x"})).error


def test_cells_run_in_one_namespace() -> None:
    assert (
        run_cells(["def f(x):\n    return x * 2", "class A: pass", "f(21), A.__name__"]).output
        == "(42, 'A')\n"
    )
