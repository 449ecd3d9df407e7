"""What somebody else wrote is shown on the terminal and can do nothing there."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from branchwise.cli.console import Terminal, visible
from branchwise.cli.viewer.text import text as drawing
from branchwise.store.records import Node
from branchwise.ui.exported import exported

HOSTILE = "[bold]x[/] [/x] :smile: \x1b]0;PWNED\x07 \x1b[2J \x9b31m \u202egnp.exe \u2066 \ud800 \x00 \x7f \u2028 \r!"
ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def printed(thing: object, *, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    terminal = Terminal()
    terminal.file = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", write_through=True)
    terminal.width = 200
    terminal.print(thing)
    return raw.getvalue().decode(encoding)


def acting(text: str) -> list[str]:
    return [
        one for one in text if unicodedata.category(one) in ACTING - {"Cs"} and one not in "\n\u200c\u200d"
    ]


def table(cell: str) -> Table:
    made = Table(cell, "more", title=cell)
    made.add_row(cell, "x")
    return made


@pytest.mark.parametrize(
    "kind", [str, Text, table, lambda said: drawing([Node(id="0.0", parent="0", text=said)])]
)
def test_nothing_foreign_acts(kind: object) -> None:
    assert callable(kind)
    shown = printed(kind(HOSTILE))
    assert not acting(shown)
    for part in (r"\x1b]0;PWNED", r"\u202egnp.exe", "[bold]x[/] [/x] :smile:", r"\x9b31m"):
        assert part in shown.replace("\n", "")


@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_text_is_shown(said: str) -> None:
    assert not acting(visible(said).replace("\t", ""))
    assert not acting(printed(said).replace("\t", ""))


def test_what_is_harmless_stays_as_it_is() -> None:
    for said in ("Zürich, 東京, नमस्ते\n\tדוגמה", "a\u200db", "1\u00a0000"):
        assert visible(said) == said


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_character_that_the_output_lacks_ends_nothing(encoding: str, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "branchwise",
        "solve",
        "1 1 4 6",
        "--task",
        "game24",
        "--model",
        "uniform",
    ]
    done = subprocess.run(
        [
            *command,
            "--strategy",
            "tree_of_thoughts",
            "-k",
            "width=30",
            "--seed",
            "3",
            "--store",
            f"{tmp_path}/s.db",
        ],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"\\u25cb" in done.stdout or b"\\u2717" in done.stdout


def test_one_run_with_markup_in_its_model_spoils_no_list(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text('"plain"\n{"problem":"x","model":"openai-compatible:[/x]\\u001b[2J"}\n')
    url = f"{tmp_path}/s.db"
    asked = ["submit", str(lines), "--model", "openai-compatible:m", "--base-url", "http://127.0.0.1:1/v1"]
    for words in (asked, ["runs"], ["show", "last"]):
        done = subprocess.run(
            [sys.executable, "-m", "branchwise", *words, "--store", url], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert b"\x1b" not in done.stdout + done.stderr
    assert "[/x]" in done.stdout.decode()


def test_a_page_holds_lone_surrogates_as_escapes() -> None:
    page = exported("x", {"problem": "\ud800</script>", "rows": {}})
    assert "\\ud800\\u003c/script" in page
    page.encode("utf-8")


def test_commands_print_through_the_door() -> None:
    folder = Path("branchwise/cli")
    for file in folder.rglob("*.py"):
        if file.name != "console.py":
            source = file.read_text()
            assert "Console(" not in source, file
            assert "sys.stdout.write" not in source, file
            assert "typer.echo" not in source, file
            prints = [line.strip() for line in source.splitlines() if line.strip().startswith("print(")]
            assert all(
                ("dumps" in line and "ensure_ascii" not in line) or line == "print(" for line in prints
            ), (file, prints)


def test_what_libraries_log_and_warn_of_is_shown_as_text() -> None:
    program = """
import logging, warnings
from branchwise.cli.console import hear_logs
hear_logs()
logging.getLogger("some.library").warning("wrote to %s", chr(27) + "]0;PWNED" + chr(7) + "[/x]")
warnings.warn(chr(0x9b) + "2J", stacklevel=1)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr
    assert "wrote to \\x1b]0;PWNED\\x07[/x]" in said
    assert "UserWarning: \\x9b2J" in said
    assert not {"\x1b", "\x07", "\x9b"} & set(said)


def test_a_faulty_log_call_is_shown_and_a_closed_standard_error_is_borne() -> None:
    program = """
import logging, sys
from branchwise.cli.console import hear_logs
hear_logs()
logging.getLogger("x").warning("%d files", "a")
sys.stderr.close()
logging.getLogger("x").warning("unheard")
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stderr, done.stdout) == ("x: %d files\n", "went on\n")


def test_a_log_line_that_nobody_reads_ends_nothing() -> None:
    program = """
import logging, os
from branchwise.cli.console import hear_logs
hear_logs()
logging.getLogger("x").warning("unread")
os.write(1, b"went on")
os._exit(0)
"""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=write, check=True)
    os.close(write)
    assert done.stdout == b"went on"
