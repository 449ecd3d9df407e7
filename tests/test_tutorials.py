"""The tutorials do what they say, typed in as they are written."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from branchwise.models import load
from branchwise.store.errors import ModelError
from tests.pages import Command, carry_out, commands, files

DOCS = Path(__file__).parents[1] / "docs"
EMBEDDED = ["start", "tutorials/workflow", "tutorials/task", "tutorials/serve"]


DATABASE = "postgresql://postgres@127.0.0.1:5432/runs"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of an empty database."""
    named = os.environ.get("BRANCHWISE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
    server = sa.create_engine(named, isolation_level="AUTOCOMMIT")
    name = f"bw_tutorial_{secrets.token_hex(6)}"
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except sa.exc.OperationalError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL is not there: {error.orig}")
    yield server.url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


def text(page: str) -> str:
    return (DOCS / f"{page}.md").read_text(encoding="utf-8")


@pytest.mark.embedded
@pytest.mark.parametrize("page", EMBEDDED)
def test_a_page_with_the_embedded_model_holds(page: str, tmp_path: Path) -> None:
    if not os.environ.get("CI"):
        try:
            load("embedded")
        except ModelError as error:
            pytest.skip(str(error))
    carry_out(text(page).replace("8400", str(free_port())), tmp_path, {})


def test_the_page_on_a_website_holds(executable: Path, tmp_path: Path) -> None:
    assert executable.exists()
    carry_out(text("tutorials/web").replace("8700", str(free_port())), tmp_path, {})


@pytest.mark.postgres
def test_the_page_on_many_workers_holds(postgres: str, tmp_path: Path) -> None:
    page = text("tutorials/cluster")
    assert page.count(DATABASE) == 1
    carry_out(page.replace(DATABASE, postgres), tmp_path, {})


@pytest.mark.vllm
def test_the_page_on_vllm_holds(vllm: Path, tmp_path: Path) -> None:
    """With the small model on a CPU in place of the page's profile, which needs two GPUs."""
    profile = (DOCS.parent / "examples/pool/smollm2-cpu.toml").read_text(encoding="utf-8")
    page = text("tutorials/vllm")
    [shown] = [part for path, part in files(page).items() if path == "search.toml"]
    page = page.replace(shown, profile.replace("./.venvs/vllm", str(vllm)))
    page = "\n".join(line for line in page.splitlines() if "~/vllm" not in line)
    try:
        carry_out(f"{page}\n", tmp_path, {"BRANCHWISE_VLLM": str(vllm)}, seconds=600)
    finally:  # a pool that was started in the background outlives the shell
        down = [sys.executable, "-m", "branchwise", "pool", "down", "--now"]
        home = {**os.environ, "HOME": str(tmp_path / ".home")}
        subprocess.run(down, env=home, check=False, capture_output=True)


def test_a_page_is_read_as_files_and_commands() -> None:
    page = (
        "`a/b.txt`\n\n```text\nhello\n```\n\n"
        "```console\n$ pip install x\n$ cat a/b.txt\nhello\n$ false  # exit code 1\n```\n"
    )
    assert files(page) == {"a/b.txt": "hello\n"}
    assert commands(page) == [
        Command("cat a/b.txt", "hello\n", frozenset({0})),
        Command("false  # exit code 1", "", frozenset({1})),
    ]


@pytest.mark.parametrize(
    "wrong", ["$ echo hello\ngoodbye\n", "$ false\n", "$ true  # exit code 1\n", "$ echo more\n"]
)
def test_a_page_that_says_otherwise_fails(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        carry_out(f"```console\n{wrong}```\n", tmp_path, {})


def test_output_may_be_left_out_in_part(tmp_path: Path) -> None:
    carry_out("```console\n$ printf 'a\\nb\\nc\\n'\na\n...\nc\n```\n", tmp_path, {})
