"""A function is examined by what it returns, as data: a program cannot forge that it is right."""

from __future__ import annotations

import contextlib
import math
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.environments.sandbox.examine import examine
from branchwise.environments.sandbox.limits import Limits
from branchwise.environments.sandbox.values import Opaque, dumps, loads

CASES = (
    ["add(2, 3)", "5"],
    ["add(100, 1)", "101"],
    ["assert [candidate(i, i) for i in range(9)] == list(range(0, 18, 2))"],
)
CHEATS = {
    "always equal": "class T:\n    def __eq__(s, o): return True\ndef add(a, b): return T()",
    "an integer that is always equal": "class T(int):\n    def __eq__(s, o): return True\ndef add(a, b): return T()",
    "a list that is always equal": "class T(list):\n    def __eq__(s, o): return True\ndef add(a, b): return T()",
    "exit": "import sys\ndef add(a, b): sys.exit(0)",
    "end at once": "import os\ndef add(a, b): os._exit(0)",
    "patched json": """
import json
o = json.dumps
json.dumps = lambda d, **k: o(['dict', ['value', 5]])
def add(a, b): return 0""",
    "patched builtins": "import builtins\nbuiltins.AssertionError = builtins.range = None\ndef add(a, b): return 0",
    "frames": """
import sys, os
def add(a, b):
    frame = sys._getframe()
    while frame:
        for name, value in list(frame.f_locals.items()):
            if name == 'tell':
                for case in range(3): value(case=case, error='')
        frame = frame.f_back
    return 0""",
    "every open file": """
import json, os
def add(a, b):
    for fd in range(3, 64):
        for case in range(3):
            try: os.write(fd, json.dumps({'case': case, 'error': ''}).encode() + b'\\n')
            except OSError: pass
    return 0""",
    "collected garbage": """
import gc
def add(a, b):
    for one in gc.get_objects():
        if isinstance(one, dict) and 'cases' in one: return 5
    return 0""",
    "replies ahead": """
import os
for fd in range(3, 64):
    for _ in range(99):
        try: os.write(fd, b'["dict", ["value", 5]]\\n')
        except OSError: pass
def add(a, b): return 5""",
    "tests in the caller": """
import sys
def add(a, b):
    wanted = [c for c in sys._getframe(1).f_code.co_consts if isinstance(c, int)]
    return wanted[-1] if wanted else None""",
    "an exception that asserts nothing": "def add(a, b): raise StopIteration",
    "an object that is no data": "def add(a, b): return lambda: a + b",
    "the end of an iteration": "def add(a, b): raise StopIteration",
    "not a number": "def add(a, b): return float('nan')",
    "an integer with another value": """
class T(int):
    def __index__(s): return 5
    def __int__(s): return 5
def add(a, b): return T(0)""",
    "a list that iterates otherwise": """
class L(list):
    def __iter__(s): return iter([5])
def add(a, b): return L()""",
    "a patched writer of values": """
import gc, types
for one in gc.get_objects():
    if isinstance(one, types.ModuleType) and one.__name__ == 'values':
        one.dumps = lambda value: '["dict",["value",5]]'
def add(a, b): return 0""",
    "its own pipes read back": """
import os
def add(a, b):
    seen = b''
    for fd in os.listdir('/proc/self/fd'):
        try: seen += os.read(os.open(f'/proc/self/fd/{fd}', os.O_RDONLY | os.O_NONBLOCK), 65536)
        except OSError: pass
    return 5 if b'101' in seen else 0""",
    "a thread that answers": """
import os, threading, time
def answer():
    time.sleep(0.05)
    for fd in range(3, 64):
        try: os.write(fd, b'["dict",["value",5]]\\n')
        except OSError: pass
def add(a, b):
    threading.Thread(target=answer).start()
    time.sleep(0.2)
    return 0""",
    "two processes that answer": """
import os
def add(a, b): return 2 * a if os.fork() == 0 else a + b - 1""",
    "a value without end": """
def add(a, b):
    deep = []
    for _ in range(100_000): deep = [deep]
    return deep""",
    "a changed constant": "import ctypes\nctypes.c_int.from_address(id(5) + 24).value = 0\ndef add(a, b): return 0",
}

BUSY = """
import hashlib, threading
def work():
    while True: hashlib.sha256(bytes(2**20))
def add(a, b):
    for _ in range(4): threading.Thread(target=work, daemon=True).start()
    work()
"""
"""Uses all processors, since hashing releases the interpreter."""

pytestmark = pytest.mark.usefixtures("walled")
QUICK = Limits(seconds=3.0)


def test_what_is_right_passes() -> None:
    assert examine(["def add(a, b): return a + b"], "add", CASES, limits=QUICK).errors == ("", "", "")


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS)
def test_cheats_do_not_pass(cheat: str) -> None:
    found = examine([cheat], "add", CASES, limits=QUICK)
    assert found.passed < len(CASES)
    assert all(len(error) <= 300 for error in found.errors)


def test_what_went_wrong_is_said() -> None:
    wrong = examine(["def add(a, b): return a * b"], "add", CASES[:1], limits=QUICK)
    assert wrong.errors == ("AssertionError: it gives 6",)
    assert examine(["1 / 0"], "add", CASES[:1]).errors == ("ZeroDivisionError: division by zero",)


@pytest.mark.parametrize(
    "program",
    ["def add(a, b):\n    while True: pass", "while True: pass", BUSY],
    ids=["call", "start", "threads"],
)
def test_what_does_not_end_runs_out_of_time(program: str) -> None:
    """However much processor time it uses until then."""
    found = examine([program], "add", CASES[:1], limits=Limits(seconds=0.5))
    assert found.errors == ("It ran out of time.",)


@pytest.mark.parametrize("name", ["StopIteration", "StopAsyncIteration"])
def test_an_exception_that_ends_an_iteration_does_not_end_the_tests(name: str) -> None:
    tests = "def check(candidate):\n    assert all(map(lambda i: candidate(i, i) == 2 * i, range(9)))\n"
    cheat = f"def add(a, b): raise {name}"
    assert examine([cheat], "add", [["check(add)"]], tests=[tests]).errors == (f"RuntimeError: {name}: ",)


def test_tests_may_expect_an_exception_and_use_what_the_problem_defines() -> None:
    program = "def f(x):\n    if x < 0: raise ValueError('negative')\n    return x"
    tests = """
def check(candidate):
    assert double(candidate(2)) == 4
    try: candidate(-1)
    except ValueError: return
    assert False
"""
    known = "def double(x): return 2 * x"
    assert examine([program], "f", [["check(f)"]], known=[known], tests=[tests]).errors == ("",)


DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(alphabet=st.characters())
    | st.binary()
    | st.fractions()
    | st.decimals(allow_nan=False)
    | st.dates(),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=12,
)


@given(DATA)
def test_data_comes_back_as_it_was(value: object) -> None:
    back = loads(dumps(value))
    assert back == value
    assert type(back) is type(value)


def test_what_is_no_data_equals_nothing() -> None:
    opaque = loads(dumps(object()))
    assert isinstance(opaque, Opaque)
    assert opaque != opaque  # noqa: PLR0124
    assert opaque != 1
    assert repr(opaque) == "<object>"
    assert math.isnan(loads(dumps(math.nan)))
    assert loads(
        dumps([{1, 2}, frozenset({3}), 2**4000, Fraction(1, 3), Decimal("1.10"), date(2026, 1, 2)])
    ) == [
        {1, 2},
        frozenset({3}),
        2**4000,
        Fraction(1, 3),
        Decimal("1.10"),
        date(2026, 1, 2),
    ]


@given(st.binary() | st.text())
def test_any_line_is_a_value_or_none(line: bytes | str) -> None:
    with contextlib.suppress(ValueError):
        loads(line)
