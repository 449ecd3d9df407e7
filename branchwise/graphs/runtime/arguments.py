"""Arguments of `run` and `solve` that cannot be used, refused in a sentence before anything is stored."""

from __future__ import annotations

import re
from pathlib import Path

from branchwise.models.protocol import Model
from branchwise.store.errors import BadInput

_ID = re.compile(r"[!-.0-~]{1,64}")
"""Ids are typed on command lines and stand in URLs of HTTP."""
_TAKEN = frozenset({"last"})
"""What commands take in an id's place."""


def model_name(model: str | Model) -> str:
    """The name of a model that is given by name or open.

    Raises:
        BadInput: It is neither.
    """
    if isinstance(model, str):
        return model
    name = getattr(model, "name", None)
    if not isinstance(name, str) or not hasattr(model, "sample"):
        raise BadInput(
            f"`model` is a name such as 'embedded' or 'openai-compatible:NAME', or an open Model, not {model!r:.200}."
        )
    return name


def check_run_id(run_id: str | None) -> None:
    """Refuse an id that could not be typed or put into a URL.

    Raises:
        BadInput: It is one.
    """
    if run_id is None:
        return
    if not isinstance(run_id, str) or not _ID.fullmatch(run_id) or run_id in _TAKEN:
        raise BadInput(
            "`run_id` is 1 to 64 printable ASCII characters without spaces and slashes, and not `last`; "
            f"not {run_id!r:.200}."
        )


def check_prompts(prompts: str | None) -> None:
    """Refuse a folder of prompts that does not exist.

    Raises:
        BadInput: It does not.
    """
    if prompts and not Path(prompts).is_dir():
        raise BadInput(f"The prompts folder `{prompts}` does not exist.")
