"""Build the documentation site, strictly and offline, with llms.txt: python -m tests.site.

docs/README.md is the list of pages: navigation and llms.txt come from it. The site is a copy of the folders that pages
link into, so that the same relative links hold in a checkout and on the site.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUT = ROOT / "build/docs"
INDEX = ROOT / "docs/README.md"
COPIED = ("docs", "examples", "skills", "benchmarks")
"""Folders that pages link into; the Markdown files at the root come with them."""
BUILDER = ROOT / ".venvs/docs/bin/zensical"


@dataclass(frozen=True)
class Page:
    """A page in its section of docs/README.md."""

    section: str
    path: Path
    about: str

    @property
    def source(self) -> str:
        """Its path from the root of the checkout."""
        return self.path.relative_to(ROOT).as_posix()


def pages() -> list[Page]:
    """The pages that docs/README.md lists, in its order."""
    found, section = [], ""
    for line in INDEX.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif row := re.match(r"\| \[[^\]]+\]\(([^)]+)\) \| (.*) \|$", line):
            path = (INDEX.parent / row[1]).resolve()
            found.append(Page(section, path / "README.md" if path.is_dir() else path, row[2]))
    return found


def title(path: Path) -> str:
    """The first heading of a page."""
    text = path.read_text(encoding="utf-8")
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else path.stem


def stage(out: Path) -> None:
    """Write what the site is built from into the folder `out`, which is emptied first."""
    source = out / "source"
    shutil.rmtree(out, ignore_errors=True)
    for name in COPIED:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("*.md"):
        shutil.copy(path, source)
    shutil.copy(ROOT / "LICENSE", source)
    shutil.copy(ROOT / "CITATION.cff", source)
    with (source / "docs/commands.md").open("a", encoding="utf-8") as page:
        page.write(_commands())
    records = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    listed = "\n".join(f"- [{title(path)}]({path.name})" for path in records)
    (source / "docs/decisions/README.md").write_text(
        f"# Decisions\n\nDesign decisions and their reasons, oldest first.\n\n{listed}\n", encoding="utf-8"
    )
    base = (ROOT / "docs/site.yml").read_text(encoding="utf-8")
    (out / "mkdocs.yml").write_text(f"{base}nav: {json.dumps(_navigation(source))}\n", encoding="utf-8")
    (source / "llms.txt").write_text(_summary(source), encoding="utf-8")
    whole = [(source / page.source).read_text(encoding="utf-8") for page in pages()]
    (source / "llms-full.txt").write_text("\n\n".join(whole), encoding="utf-8")


def _navigation(source: Path) -> list[object]:
    sections: defaultdict[str, list[object]] = defaultdict(list)
    for page in pages():
        if page.source != "README.md":  # the start of the site
            sections[page.section].append({title(source / page.source): page.source})
    return [{"branchwise": "README.md"}, *({name: rows} for name, rows in sections.items())]


def _summary(source: Path) -> str:
    lines = ["# branchwise", "", "> Workflows of language-model agents that search and survive."]
    section = ""
    for page in pages():
        if page.section != section:
            section = page.section
            lines += ["", f"## {section}", ""]
        lines.append(f"- [{title(source / page.source)}]({page.source}): {page.about}")
    return "\n".join([*lines, ""])


def _commands() -> str:
    """Each command with its arguments and options, in Typer's own form, without its title."""
    command = [sys.executable, "-m", "typer", "branchwise.cli.app", "utils", "docs", "--name", "branchwise"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.partition("\n")[2]


def build(out: Path) -> int:
    """Build what is staged in `out`; any finding is a failure. The pages' Markdown lies beside them, for llms.txt."""
    done = subprocess.run([BUILDER, "build", "--strict", "--clean"], cwd=out, check=False)
    if done.returncode == 0:
        for page in pages():
            shutil.copy(out / "source" / page.source, out / "site" / page.source)
    return done.returncode


def main() -> int:
    """Stage and build."""
    stage(OUT)
    return build(OUT)


if __name__ == "__main__":
    sys.exit(main())
