"""Settings of a command, read once before it; options and environment variables override them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from branchwise.cli.exits import refuse
from branchwise.cli.importing import importable
from branchwise.models.keys import allow
from branchwise.models.model_options import ModelOptions, model_options
from branchwise.models.prices import Price
from branchwise.settings import Settings, load
from branchwise.settings.schema import ChosenModel
from branchwise.store.errors import BadInput
from branchwise.tools.corpora import declare_corpora
from branchwise.tools.servers import declare

if TYPE_CHECKING:
    from branchwise.server.choice import Defaults

_current: ContextVar[Settings | None] = ContextVar("settings", default=None)
_WITHOUT = frozenset({"doctor", "init"})
"""Commands that must work even if a settings file is broken."""
_OWN = re.compile(r"[^:=]+\.py:")
"""A model of the user's own that is named by its file."""
_TABLES = ("temperature", "extra_body", "headers")


def configure(ctx: typer.Context, named: Path | None) -> None:
    """Read the settings for the command that follows."""
    try:
        found = load(named)
    except BadInput as error:
        if ctx.invoked_subcommand not in _WITHOUT and "--help" not in sys.argv:
            refuse(error)
        found = Settings()
    _current.set(found)
    for variable, hosts in found.keys.items():
        for host in hosts:
            allow(host, variable)
    declare(found.tools)
    declare_corpora(found.corpora)
    if found.store:
        ctx.default_map = _defaults(ctx.command, {"store": found.store})


def settings() -> Settings:
    """The settings of this command."""
    found = _current.get()
    return load() if found is None else found


def chosen(
    model: str | None, base_url: str | None, written: list[str] | None, price: str | None = None
) -> ChosenModel:
    """The chosen model, with its options from the settings and `--model-option`.

    Args:
        model: `--model`, or None if it was not given.
        base_url: `--base-url`.
        written: Values of `--model-option`, each NAME=VALUE; a name of a table is written TABLE.NAME=VALUE.
        price: `--price`.

    Raises:
        BadInput: An option cannot be used.
    """
    given = written_options(written or (), price)
    found = settings().model(model, base_url=base_url, options=given)
    return replace(found, spec=importable(found.spec)) if _OWN.match(found.spec) else found


def served(named: ChosenModel, *, strategy: str, task: str, tokens: int) -> Defaults:
    """What a server's requests get that do not choose.

    Raises:
        UnknownName: There is no such strategy or task.
    """
    from branchwise.server.choice import Defaults, check_defaults

    defaults = Defaults(
        model=named.spec,
        base_url=named.base_url,
        model_options=named.options,
        strategy=strategy,
        task=task,
        tokens=tokens,
    )
    check_defaults(defaults)
    return defaults


def overriding(
    model: str | None, base_url: str | None, written: list[str] | None, price: str | None = None
) -> dict[str, Any]:
    """Arguments of `fork` for the options of a command; without `--model` the settings' default model has no effect.

    Raises:
        BadInput: An option cannot be used.
    """
    if model is not None:
        return chosen(model, base_url, written, price).arguments
    return {"base_url": base_url, "model_options": written_options(written or (), price)}


def written_options(written: list[str] | tuple[str, ...], price: str | None = None) -> ModelOptions:
    """Parse the options of a model from the command line.

    Raises:
        BadInput: An option cannot be used.
    """
    if price is not None:
        Price.parse(price)  # raises its own clear error
        written = [*written, f"price={price}"]
    found: dict[str, Any] = {}
    for text in written:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"An option of a model is written NAME=VALUE, not `{text}`.")
        table, dot, inner = name.partition(".")
        if dot and table in _TABLES:
            if not isinstance(found.setdefault(table, {}), dict):
                raise BadInput(f"`{table}` is given both as one value and as a table.")
            found[table][inner] = value if table == "headers" else _value(value)
        else:
            found[name] = value if name in {"api_key_env", "reasoning_effort"} else _value(value)
    if isinstance(price := found.get("price"), str):
        found["price"] = _price(price)
    return model_options(found)


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _price(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise BadInput(
            f"A price is written IN,OUT or IN,OUT,CACHED in US dollars a million tokens, not `{text}`."
        ) from error


def _defaults(command: Any, values: Mapping[str, str]) -> dict[str, Any]:
    """The values for every subcommand that has an option of that name."""
    inner = getattr(command, "commands", None)
    if inner is not None:
        return {name: _defaults(one, values) for name, one in inner.items()}
    names = {parameter.name for parameter in command.params}
    return {name: value for name, value in values.items() if name in names}
