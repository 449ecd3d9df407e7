"""Requirements as user functions, referenced by an importable name so that a resumed run finds them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from branchwise.store.errors import BadInput, CheckFailed
from branchwise.store.foreign import place
from branchwise.store.importing import StartedInImport, import_named
from branchwise.store.records import Json
from branchwise.tasks.requirements.protocol import Finding, Requirement, kept

_SHOWN = 500


def call(value: Json) -> Requirement:
    """Require `module:function`: `function(text)` returns True, or False, or the fault as a text.

    Raises:
        BadInput: It cannot be imported.
    """
    name = str(value)
    function = imported(name)
    if not callable(function):
        raise BadInput(f"The requirement `{name}` is no function of a text.")
    if name.partition(":")[0].partition(".")[0] in sys.stdlib_module_names:
        # A stored run is untrusted, and could name a standard-library function to call with a model's text.
        raise BadInput(f"`{name}` is Python's own and no requirement: write a function that calls it.")
    doc = (getattr(function, "__doc__", None) or "").strip().splitlines()
    return Requirement(
        stored={"call": name},
        words=doc[0].rstrip(".") if doc else f"passes the check `{name.rpartition(':')[2]}`",
        check=lambda text: _called(name, function, text),
    )


def _called(name: str, function: Callable[[str], object], text: str) -> Finding:
    try:
        said = function(text)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:1000]
        raise CheckFailed(f"The requirement `{name}` failed, {place(error)}: {reason}.") from error
    if isinstance(said, str) and said:
        return Finding(kept=False, wrong=said[:_SHOWN])
    if said is True or said == "" or said is None:
        return kept()
    if said is False:
        return Finding(kept=False, wrong=f"the check `{name.rpartition(':')[2]}` refuses it")
    raise CheckFailed(
        f"The requirement `{name}` gave {said!r:.100}; it must give True, False, or what is wrong as a text."
    )


def name_of(thing: Any) -> str:
    """The importable name of a function or type.

    Raises:
        BadInput: It has no importable name: it is a lambda, or was defined inside a function.
    """
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", "")
    if not module or not name or "<" in name:
        raise BadInput(
            f"The requirement `{name or type(thing).__name__}` cannot be found again by its name, so the run could not "
            "be resumed: give a function or class at the top of a module."
        )
    full = f"{module}:{name}"
    if imported(full) is not thing:
        raise BadInput(f"`{full}` leads to another object than the requirement that was given.")
    return full


def imported(name: str) -> Any:
    """Import `module:name`.

    Raises:
        BadInput: It cannot be imported; the message explains how to make it importable.
    """
    module, colon, path = name.partition(":")
    if not colon or not module or not path:
        raise BadInput(f"`{name}` is not written module:name.")
    try:
        found: Any = import_named(module)
        for part in path.split("."):
            found = getattr(found, part)
    except StartedInImport:
        raise
    except Exception as error:  # the module's own code may raise anything
        raise BadInput(
            f"`{name}` cannot be imported: {type(error).__name__}: {error}. Put its module into an installed package "
            "or a folder of PYTHONPATH."
        ) from error
    return found
