"""Check samples against their output format, because servers silently ignore unsupported ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from branchwise.models.patterns import linear_pattern
from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def ignored(text: str, form: OutputFormat) -> str | None:
    """The part of the output format that a finished sample violates; None if it conforms.

    Of a JSON schema, types, required and additional properties, constants and enumerations are checked.
    """
    if form.choices:
        return None if text in form.choices else "the server ignored the choices"
    if form.regex is not None:
        return None if _matches(form.regex, text) else "the server ignored the regular expression"
    if form.schema is None:
        return None
    try:
        value = from_json(text)
    except ValueError:
        return "the server ignored the JSON schema: this is not JSON"
    return None if admits(form.schema, value) else "the server ignored the JSON schema"


def _matches(pattern: str, text: str) -> bool:
    try:
        return linear_pattern(pattern).fullmatch(text)
    except BadInput:  # it needs look-around, which engines do not support; the caller checks the text again
        return True


def admits(schema: Any, value: Any) -> bool:
    """Whether a value may satisfy a schema; unchecked keywords admit everything."""
    if not isinstance(schema, Mapping):
        return schema is not False
    if "const" in schema and value != schema["const"]:
        return False
    if isinstance(schema.get("enum"), list | tuple) and value not in schema["enum"]:
        return False
    kinds = schema.get("type")
    named = [kinds] if isinstance(kinds, str) else kinds
    if not isinstance(named, list | tuple):
        named = []
    if named and not any(_is(value, kind) for kind in named):
        return False
    if isinstance(value, list):
        return "items" not in schema or all(admits(schema["items"], item) for item in value)
    return not isinstance(value, dict) or _object(schema, value)


def _object(schema: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    if any(name not in value for name in (required if isinstance(required, list | tuple) else ())):
        return False
    if (
        schema.get("additionalProperties") is False
        and "patternProperties" not in schema
        and set(value) - set(known)
    ):
        return False
    return all(admits(known[name], item) for name, item in value.items() if name in known)


def _is(value: Any, kind: str) -> bool:
    if kind not in _TYPES:
        return True
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])
