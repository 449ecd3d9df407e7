"""Locate and read settings files: the named file, or the user's own file and the working folder's."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ValidationError

from branchwise.models.model_options import place_of
from branchwise.settings.schema import ModelSettings, Settings, host_of
from branchwise.store.errors import BadInput
from branchwise.tools.corpora import Corpus
from branchwise.tools.servers import McpServer

FILE = "branchwise.toml"
VARIABLE = "BRANCHWISE_CONFIG"
_LARGEST = 1_000_000
_OWN_ONLY = ("keys", "tools", "corpora")
"""Sections that release keys, start programs or read files. Untrusted folders (a clone) must not set them."""
_TABLES = ("models", "prices", "keys", "tools", "corpora")


def user_file() -> Path:
    """The path of the user's own settings file, which may not exist."""
    return Path(platformdirs.user_config_dir("branchwise", appauthor=False)) / FILE


def files(named: Path | None = None) -> tuple[Path, ...]:
    """The settings files to read; later files take precedence over earlier ones.

    Args:
        named: The file to read instead of all others; default `BRANCHWISE_CONFIG`. Without both, the
            user's own file is read, then `branchwise.toml` of the working folder.
    """
    own = _named(named)
    if own is not None:
        return (own,)
    return tuple(path for path in (user_file(), Path(FILE)) if _is_file(path))


def _named(named: Path | None) -> Path | None:
    given = named or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    return None if given is None else given.expanduser()


def load(named: Path | None = None) -> Settings:
    """Read the settings.

    Raises:
        BadInput: A file cannot be read, or holds an invalid name or value; the message names the place.
    """
    found: dict[str, Any] = {}
    folder: frozenset[str] = frozenset()
    for path in files(named):
        read = _read(path)
        checked = _checked(read, path)
        if path == Path(FILE) and _named(named) is None:
            _refuse_foreign(read)
            folder = frozenset(checked.models)
        else:
            read["keys"] = _granted(checked)
        for name, value in read.items():
            found[name] = {**found.get(name, {}), **value} if name in _TABLES else value
    return Settings.model_validate_json(json.dumps(found)).of_folder(folder)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise BadInput(f"`{path}` is larger than {_LARGEST:,} bytes, too large for a settings file.")
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInput(f"The settings file `{path}` cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise BadInput(f"The settings file `{path}` is not TOML: {error}.") from error


def _refuse_foreign(read: Mapping[str, Any]) -> None:
    for section in _OWN_ONLY:
        if section in read:
            raise BadInput(
                f"`{FILE}` in this folder has the section `{section}`, which is taken only from your own file "
                f"`{user_file()}` or from one that you name: --config {FILE}."
            )


def _granted(found: Settings) -> dict[str, list[str]]:
    """The allowed hosts for each key: the listed ones, and those of models that use the key."""
    hosts = {variable: list(listed) for variable, listed in found.keys.items()}
    for entry in found.models.values():
        host = host_of(entry.base_url) if entry.base_url and entry.api_key_env else None
        if host and entry.api_key_env:
            hosts.setdefault(entry.api_key_env, []).append(host)
    return hosts


def _checked(read: dict[str, Any], path: Path) -> Settings:
    try:
        found = Settings.model_validate_json(json.dumps(read))
    except TypeError as error:
        raise BadInput(
            f"`{path}`: dates and times are not settings; write them as texts in quotes."
        ) from error
    except ValidationError as error:
        raise BadInput(f"`{path}`: {_sentence(error)}") from error
    for name, entry in found.models.items():
        try:
            found.model(name)
        except BadInput as error:
            raise BadInput(f"`{path}`: `models.{name}`: {error}") from error
        if entry.use in found.models:
            raise BadInput(
                f"`{path}`: `models.{name}.use` names a model itself, such as `openai-compatible:NAME`."
            )
    return found


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = place_of(first["loc"])
    if first["type"] != "extra_forbidden":
        return f"`{place}`: {first['msg']}."
    known = _names(first["loc"])
    near = get_close_matches(str(first["loc"][-1]), known, n=1, cutoff=0.5)
    hint = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(known)}."
    return f"There is no setting `{place}`. {hint}"


def _names(place: tuple[int | str, ...]) -> list[str]:
    """The names allowed in the table at this place."""
    inner: dict[int | str, type[BaseModel]] = {"models": ModelSettings, "tools": McpServer, "corpora": Corpus}
    kind = inner.get(place[0], Settings) if len(place) > 1 else Settings
    return sorted(field.alias or name for name, field in kind.model_fields.items())
