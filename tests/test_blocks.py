"""Blocks of code in the documentation: Python compiles and imports what exists, data parses, commands exist.

Tutorials, README, CONTRIBUTING, SKILL and some pages are also executed by tests of their own.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from tests.commands import check

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    (f"{page.relative_to(ROOT)}-{number}", language, text)
    for page in PAGES
    if page.parent.name != "decisions"
    for number, (language, text) in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8")))
]
OWN = re.compile(r"RUN|FORMAT|\.\.\.|[\[\]|<>&$]")
"""Marks of a pattern for commands, or of a shell's syntax, in place of a command that could be typed."""


def of(*languages: str) -> list[object]:
    return [pytest.param(text, id=name) for name, language, text in BLOCKS if language in languages]


@pytest.mark.parametrize("text", of("python", "py"))
def test_python_compiles_and_imports_what_exists(text: str) -> None:
    tree = compile(text, "block", "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("branchwise"):
            module = import_module(str(node.module))
            for name in node.names:
                if not hasattr(module, name.name):
                    import_module(f"{node.module}.{name.name}")


@pytest.mark.parametrize("text", of("toml"))
def test_toml_parses(text: str) -> None:
    tomllib.loads(text.replace("...", ""))


@pytest.mark.parametrize("text", of("json"))
def test_json_parses(text: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        assert [json.loads(line) for line in text.splitlines()]  # JSON lines


@pytest.mark.parametrize("text", of("bash", ""))
def test_commands_exist(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for line in text.replace("\\\n", " ").splitlines():
        if not line.startswith("branchwise ") or OWN.search(line.partition(" #")[0]):
            continue
        words = shlex.split(line, comments=True)
        for word in words:
            if Path(word).suffix in {".txt", ".json", ".jsonl", ".toml"} and "=" not in word:
                (tmp_path / word).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / word).touch()
        check(words)
