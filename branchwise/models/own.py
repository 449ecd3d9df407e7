"""User-defined models, named `module:function`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, cast

from branchwise.models.protocol import Model
from branchwise.store.errors import BadInput
from branchwise.store.importing import StartedInImport, import_named


def importable(module: str) -> bool:
    """Whether a module of that name exists; it is not imported, but its parent packages are."""
    try:
        return all(part.isidentifier() for part in module.split(".")) and find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def load_own(spec: str, options: dict[str, Any]) -> Model:
    """Call the function that `spec` names; it returns the model.

    Raises:
        BadInput: There is no such function, or it cannot be called with these options.
    """
    module, _, function = spec.partition(":")
    try:
        make = getattr(import_named(module), function)
        made = make(**options) if callable(make) and not hasattr(make, "sample") else make
    except StartedInImport:
        raise
    except Exception as error:  # the module's own code may raise anything
        raise BadInput(f"The model `{spec}` cannot be opened: {type(error).__name__}: {error}.") from error
    if not hasattr(made, "sample"):
        raise BadInput(f"`{spec}` gives a {type(made).__name__}, which is not a model: it has no `sample`.")
    return cast("Model", made)
