"""Write each folder's README, a line a file, from the files' own first lines: python -m tests.readmes."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "branchwise"


def folders() -> list[Path]:
    """The folders of the package that hold code, without migrations."""
    found = {path.parent for path in PACKAGE.rglob("*.py")}
    return sorted(folder for folder in found if folder.name != "versions")


def first_line(path: Path) -> str:
    """The first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def readme(folder: Path) -> str:
    """The text of the folder's README."""
    rooms = [inner for inner in folders() if inner.parent == folder]
    lines = [f"| `{inner.name}/` | {first_line(inner / '__init__.py')} |" for inner in rooms]
    files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    lines += [f"| `{path.name}` | {first_line(path)} |" for path in files]
    return "\n".join(
        [f"# {folder.name}", first_line(folder / "__init__.py"), "", "| | |", "|---|---|", *lines, ""]
    )


def main() -> None:
    """Write them all."""
    for folder in folders():
        (folder / "README.md").write_text(readme(folder), encoding="utf-8")


if __name__ == "__main__":
    main()
