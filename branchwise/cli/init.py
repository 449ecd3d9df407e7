"""`branchwise init`: write a first settings file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from branchwise.cli.console import say
from branchwise.cli.exits import refuse
from branchwise.settings import FILE, user_file
from branchwise.store.errors import BadInput

_TEXT = """\
# Settings of branchwise; docs/settings.md describes all of them. Uncomment what you need.
# Options on the command line and environment variables override these values.

# store = "runs.sqlite"                        # or "postgresql://HOST/NAME"
# model = "mine"                               # the model if --model is not given

# [models.mine]                                # --model mine
# use = "openai-compatible:qwen3-8b"           # or "litellm:PROVIDER/NAME", "pool:NAME", "embedded:FILE.gguf"
# base_url = "http://localhost:11434/v1"
# max_tokens = 8192                            # thinking included
# temperature = { generator = 1.0, verifier = 0.0 }
# reasoning_effort = "low"
# extra_body = { top_k = 20 }
# headers = { X-Team = "search" }
# timeout = 300                                # seconds for one call with its retries
# price = [0.15, 0.60]                         # US dollars for a million tokens read and written

# [prices]
# "openai-compatible:gpt-4o" = [2.5, 10.0, 1.25]
"""
_OWN = """
# [keys]                                       # which hosts may receive the key in which environment variable
# OPENAI_API_KEY = ["api.openai.com"]
"""


def init(
    own: Annotated[
        bool, typer.Option("--user", help="Write your personal file, which is read in every folder.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a first settings file and name the next commands to try."""
    path = user_file() if own else Path(FILE)
    if path.exists() and not force:
        refuse(BadInput(f"`{path}` exists already; --force replaces it."))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_TEXT + (_OWN if own else ""), encoding="utf-8")
    except OSError as error:
        refuse(BadInput(f"`{path}` cannot be written: {error.strerror}."))
    say(f"Wrote {path}. Next: branchwise doctor, then branchwise solve 'What is 17*23?'.")
