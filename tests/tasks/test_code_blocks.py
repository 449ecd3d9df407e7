"""The code of a reply is found however a model fences it, and in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.tasks.domains.code_blocks import code_blocks, is_python, python_code

RIGHT = "def add_one(n):\n    return n + 1\n"


@pytest.mark.parametrize(
    "reply",
    [
        f"```python\n{RIGHT}```",
        f"```python3\n{RIGHT}```",
        f"``` Python\n{RIGHT}```\nDone.",
        f'```python title="a.py"\n{RIGHT}```',
        f"~~~python\n{RIGHT}~~~",
        f"````\n{RIGHT}````",
        f"```python\n{RIGHT}```".replace("\n", "\r\n"),
        f"```python\n{RIGHT}",
        f"```python\n{RIGHT}```\nExample:\n```python\nprint(add_one(3))\n```",
        f"```\nadd_one(0) is 1\n```\nso\n```python\n{RIGHT}```\nIt prints:\n```\n4\n```",
        "1. Code:\n   ```python\n   def add_one(n):\n       return n + 1\n   ```",
        f"```python\n{RIGHT}```\nand a helper:\n```python\ndef other(n):\n    return 0\n```",
        RIGHT,
    ],
)
def test_one_function_in_every_fence(reply: str) -> None:
    assert python_code(reply, "add_one") == RIGHT


@pytest.mark.parametrize("indent", ["    ", ""])
def test_fences_inside_a_docstring_do_not_end_the_block(indent: str) -> None:
    code = f'def f():\n    """Doc\n{indent}```\n{indent}example\n{indent}```\n    """\n    return 1\n'
    assert python_code(f"```python\n{code}```", "f") == code


@given(st.text(alphabet="`~ \n\tdef():x", max_size=400))
def test_any_text_is_read(text: str) -> None:
    python_code(text, "f")
    is_python(text)


@pytest.mark.parametrize(
    "part", ["```\n", "```a\n", "~~~\n```\n", "````\n```\n", "`", " ", "\n", "```\nx = (\n"]
)
def test_long_replies_are_read_in_linear_time(part: str) -> None:
    began = time.process_time()
    list(code_blocks(part * (200_000 // len(part))))
    assert time.process_time() - began < 5.0
