"""Rules of the house that no linter knows: sizes, links, and that a part is found by its file's name."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

import branchwise
from branchwise.environments.scripted import scripted
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse
from tests.readmes import folders, readme

ROOT = Path(__file__).parents[1]
SOURCES = sorted(p for p in (ROOT / "branchwise").rglob("*.py") if p.parent.name != "versions")
"""All but migrations, which never change once they are out."""
STRATEGIES = sorted((ROOT / "branchwise/graphs/strategies").glob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_says_what_lives_in_it_and_stays_small(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module opens with one line on what lives here"
    assert lines(path) <= 300
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            statements = [part for part in node.body if not _is_text(part)]
            length = (node.end_lineno or 0) - statements[0].lineno + 1 if statements else 0
            assert length <= 50, f"{node.name} has {length} lines"


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.parametrize("path", STRATEGIES, ids=name)
def test_a_strategy_is_under_150_lines(path: Path) -> None:
    assert lines(path) <= 150


@pytest.mark.parametrize("room", ["agents", "graphs", "store"])
def test_the_rooms_on_top_are_relative_links_into_the_package(room: str) -> None:
    link = ROOT / room
    if not link.is_symlink():
        pytest.skip("this checkout has no symbolic links")
    assert str(link.readlink()) == f"branchwise/{room}"
    assert link.is_dir()


def test_importing_the_package_loads_no_engine_and_no_client() -> None:
    code = "import branchwise, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert "branchwise" in loaded
    assert not {"litellm", "xllamacpp", "vllm", "langgraph", "openai", "playwright"} & set(loaded)


@pytest.mark.parametrize(
    "line", ["import agents", "from graphs import run", "import store.tree", "from agents.ucb import ucb"]
)
def test_the_linter_forbids_importing_through_the_links(line: str) -> None:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--select",
        "TID251",
        "--stdin-filename",
        "tests/x.py",
        "-",
    ]
    done = subprocess.run(command, input=line + "\n", capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert "is a link: import branchwise." in done.stdout


@pytest.mark.parametrize("folder", folders(), ids=name)
def test_a_folder_says_in_a_line_what_each_file_holds(folder: Path) -> None:
    assert (folder / "README.md").read_text(encoding="utf-8") == readme(folder), (
        "run: python -m tests.readmes"
    )


OLD_WORDS = re.compile(
    r"\b(Desk|Docket|Notebook|Purse|Odometer|Footstep|Vouch|vouch|ABOUT|purse|docket|odometer|singly)\b"
)
"""Private words of version 0.1; docs/glossary.md has the ones that took their place."""
SAY_THEM = {
    "branchwise/renamed.py",
    "branchwise/store/earlier.py",
    "branchwise/graphs/strategies/__init__.py",
}
"""Files that tell a user what an old name is called now."""


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_private_words_do_not_come_back(path: Path) -> None:
    if name(path) not in SAY_THEM:
        assert not OLD_WORDS.findall(path.read_text(encoding="utf-8"))


def test_old_public_names_tell_the_new_ones() -> None:
    with pytest.raises(AttributeError, match=r"is now `branchwise\.BudgetTracker`"):
        branchwise.Purse  # noqa: B018
    with pytest.raises(ModuleNotFoundError, match=r"is now `branchwise\.models`"):
        import_module("branchwise.agents.models.scripted")


async def test_old_options_tell_the_new_ones() -> None:
    for old, new in (("states", "max_pages"), ("at_once", "concurrency"), ("look", "vision")):
        with pytest.raises(TypeError, match=rf"is now `WebOptions\({new}=\.\.\.\)`"):
            WebOptions(**{old: 1})  # type: ignore[arg-type]
        with pytest.raises(AttributeError, match=rf"is now `WebOptions\.{new}`"):
            getattr(WebOptions(), old)
    with pytest.raises(TypeError, match=r"is now `browse\(screenshots=\.\.\.\)`"):
        await browse("x", scripted(), shots="x")  # type: ignore[call-arg]


def test_a_name_of_a_class_means_one_thing() -> None:
    homes: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(name(path))
    assert not {one: paths for one, paths in homes.items() if len(paths) > 1}


_DATABASES = frozenset({"sqlite", "postgresql", "mysql", "mariadb", "sqlite://"})


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_the_databases_are_told_apart_in_one_file_and_their_faults_beside_it(path: Path) -> None:
    if name(path) in {f"branchwise/store/database/{stem}.py" for stem in ("dialects", "faults")}:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant):
            extra = name(path) == "branchwise/cli/examining.py" and node.value == "mysql"
            assert extra or node.value not in _DATABASES, f"line {node.lineno}"
        if isinstance(node, ast.Import):
            assert not {one.name for one in node.names} & {"sqlite3", "psycopg", "pymysql"}
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("sqlalchemy.dialects")
        if isinstance(node, ast.keyword):
            assert not (node.arg or "").startswith(("sqlite_", "postgresql_", "mysql_"))


def test_no_room_holds_more_than_a_quarter_of_the_lines() -> None:
    sizes: Counter[str] = Counter()
    for path in SOURCES:
        sizes[path.relative_to(ROOT / "branchwise").parts[0]] += lines(path)
    assert max(sizes.values()) <= sizes.total() / 4, sizes


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_an_expression_has_one_condition_and_an_assignment_at_most_a_pair(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.IfExp):
            assert not isinstance(node.body, ast.IfExp), f"line {node.lineno}"
            assert not isinstance(node.orelse, ast.IfExp), f"line {node.lineno}"
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            packed = [t for t in node.targets if isinstance(t, ast.Tuple) and len(t.elts) > 2]
            assert not packed, f"line {node.lineno}"
