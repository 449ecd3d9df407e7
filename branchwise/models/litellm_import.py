"""Import of litellm: without a download, and without pydantic's notices about litellm's classes."""

from __future__ import annotations

import importlib
import os
import warnings
from typing import Any, Final

from branchwise.store.errors import ModelError

_NOTICE: Final = r"(Items?|Extra items) .*on TypedDict class .* using the `ReadOnly` qualifier"


def litellm_module() -> Any:
    """Import litellm.

    Raises:
        ModelError: It is not installed.
    """
    # Prices ship with the package; without this the import downloads newer ones.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module("litellm")
    except ImportError:
        raise ModelError("litellm is not installed. Run: pip install 'branchwise[litellm]'") from None


def ignore_notices() -> None:
    """Ignore pydantic's notice that it does not protect read-only items, before a call of litellm.

    litellm imports modules and builds models and validators in the midst of a call. pydantic issues the notice about
    their classes in its own name, so that a filter has only its words to go by.
    """
    # Adding a filter makes Python forget which warnings it has shown: once is enough, unless somebody has reset them.
    if not any(getattr(kept[1], "pattern", None) == _NOTICE for kept in warnings.filters):
        warnings.filterwarnings("ignore", _NOTICE, UserWarning)
