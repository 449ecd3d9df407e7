"""The form of a ReAct step as a regular expression, for engines that constrain decoding."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from branchwise.tools.protocol import AgentTool

_THOUGHT = r"Thought: [^\n]{1,300}\n"
_ANSWER = r"Answer: [^\n]{1,400}(\n[^\n]*)*"
_ANY = r"\{[^\n]{0,600}\}"
"""Arguments whose schema is not a plain one."""
_LONGEST = 400
"""Maximum characters of an argument without a maximum of its own."""
_SIMPLE = {
    "integer": r"-?[0-9]{1,9}",
    "number": r"-?[0-9]{1,9}(\.[0-9]{1,6})?",
    "boolean": r"(true|false)",
}


def step_form(tools: Sequence[AgentTool]) -> str:
    """A thought with a call of one of the tools, all its required arguments among them, or with an answer."""
    calls = "|".join(f"{_literal(tool.spec.name)} {_arguments(tool.spec.parameters)}" for tool in tools)
    return f"{_THOUGHT}(Action: ({calls})|{_ANSWER})"


def _arguments(schema: Mapping[str, Any]) -> str:
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    if not isinstance(properties, Mapping) or not isinstance(required, Sequence):
        return _ANY
    parts = [_argument(str(name), properties.get(name)) for name in required]
    if any(part is None for part in parts):
        return _ANY
    return rf"\{{{', '.join(part for part in parts if part)}\}}"


def _argument(name: str, schema: object) -> str | None:
    """One argument with its name; None if its schema is not a plain one."""
    if not isinstance(schema, Mapping):
        return None
    value: str | None = _SIMPLE.get(str(schema.get("type")))
    choices = schema.get("enum")
    if isinstance(choices, Sequence) and choices:
        value = f"({'|'.join(_literal(json.dumps(choice)) for choice in choices)})"
    elif schema.get("type") == "string":
        most = schema.get("maxLength")
        length = min(most, _LONGEST) if isinstance(most, int) and most > 0 else _LONGEST
        value = rf'"([^"\\\n]|\\["\\nt]){{1,{length}}}"'
    return None if value is None else f"{_literal(json.dumps(name))}: {value}"


def _literal(text: str) -> str:
    return re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", text)
