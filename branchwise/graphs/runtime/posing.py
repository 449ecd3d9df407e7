"""A problem as a workflow's input, and the answer in its output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from branchwise.graphs.runtime.workflow import Workflow
from branchwise.store.errors import BadInput
from branchwise.store.records import Json

_FIELDS = ("problem", "question", "task", "input")
"""Names of the field that takes a problem's text, in this order."""


def posed(workflow: Workflow, text: str) -> Json:
    """A problem's text as the input of a workflow.

    It is put into the field that takes it: `messages` as a user's message, `problem`, `question`, `task`, `input`, or
    the only field that is a text; where the input has no fields it is the text.

    Raises:
        BadInput: No field takes it.
    """
    fields: Mapping[str, Any] = (workflow.schema or {}).get("properties") or {}
    if not fields:
        return text
    if "messages" in fields:
        return {"messages": [{"role": "user", "content": text}]}
    texts = [
        name for name, kind in fields.items() if isinstance(kind, Mapping) and kind.get("type") == "string"
    ]
    named = [name for name in _FIELDS if name in fields] or (texts if len(texts) == 1 else [])
    if not named:
        raise BadInput(
            f"No field of the input of `{workflow.name}` takes a problem's text ({', '.join(fields)}): name one "
            "`problem`, or write the whole input as the `problem` of each line of the file."
        )
    return {named[0]: text}


def answer_of(output: Any) -> str:
    """The answer in an output: a text itself, the field `answer`, the last of `messages`, else all of it as JSON."""
    if isinstance(output, str):
        return output
    if isinstance(output, Mapping):
        if "answer" in output:
            return answer_of(output["answer"])
        messages = output.get("messages")
        if isinstance(messages, Sequence) and messages and isinstance(messages[-1], Mapping):
            return answer_of(messages[-1].get("content", ""))
    return json.dumps(output, ensure_ascii=False)
