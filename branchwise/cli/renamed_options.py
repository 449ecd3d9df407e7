"""Options of version 0.1 and what they are called now; using one is an error that says so, for one release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from typer.core import TyperCommand

_WEB = {
    "--states": "--max-pages",
    "--steps": "--max-actions",
    "--judgements": "--value-samples",
    "--at-once": "--concurrency",
    "--held": "--pick-actions",
    "--free": "--write-actions",
    "--look": "--vision",
    "--allow": "--auto-approve",
}


class _Renamed(TyperCommand):
    """A command that names an old option's new name."""

    renamed: ClassVar[Mapping[str, str]] = {}

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse old options, then parse the others."""
        for word in args[: args.index("--")] if "--" in args else args:
            name = word.partition("=")[0]
            if name in self.renamed:
                ctx.fail(f"`{name}` is now `{self.renamed[name]}`.")
        return super().parse_args(ctx, args)


class WebCommand(_Renamed):
    """`branchwise web`."""

    renamed: ClassVar[Mapping[str, str]] = _WEB


class ResumeCommand(_Renamed):
    """`branchwise resume`."""

    renamed: ClassVar[Mapping[str, str]] = {"--allow": _WEB["--allow"]}
