"""Build the source distribution and, from it, the wheel: python -m tests.distributions FOLDER [TAG]."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def build(out: Path) -> tuple[Path, Path]:
    """Build both into a folder. The wheel is built from the unpacked source distribution alone."""
    out.mkdir(parents=True, exist_ok=True)
    sdist = _build("sdist", ROOT, out)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(sdist) as archive:
            if hasattr(tarfile, "data_filter"):  # not in Python 3.11.2, Debian 12's
                archive.extraction_filter = tarfile.data_filter
            archive.extractall(folder)  # our own archive
        return sdist, _build("wheel", Path(folder) / sdist.name.removesuffix(".tar.gz"), out)


def _build(what: str, source: Path, out: Path) -> Path:
    code = f"import uv_build, sys; print(uv_build.build_{what}(sys.argv[1]))"
    # The backend looks for its program on the path, where an environment that was not activated is not.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", code, str(out.absolute())],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=source,
        env={**os.environ, "PATH": path},
    )
    return out / done.stdout.split()[-1]


def main(words: list[str]) -> int:
    """Build; refuse a tag that is not the version's."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if words[1:] and words[1] != f"v{version}":
        print(f"The tag {words[1]} is not v{version}, the version in pyproject.toml.", file=sys.stderr)
        return 2
    for built in build(Path(words[0])):
        print(built)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
