"""Questions to people: keyed, kept in the store, answered from any process."""

from __future__ import annotations

import getpass
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.store.stored import read_stored

ANSWER = "answer"
"""Kind of the decision that is a person's answer; its key is the question's."""
QUESTION = "question"
INTERRUPT = "interrupt/"
"""How the keys of LangGraph's own interrupts begin."""
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "string": str,
    "array": list,
    "object": dict,
    "null": type(None),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question that a run waits for."""

    key: str
    """Where it was asked, `NODE/VISIT/NAME`; `interrupt/ID` for LangGraph's own interrupts."""
    question: Any
    schema: Mapping[str, Any] | None = None
    """JSON schema of the answer, if it must be of a type."""
    deadline: float | None = None
    """Time at which the run continues without an answer, in seconds since 1970."""
    run_id: str = ""
    """The run that asks: the waiting run or a sub-run of it."""


class _Answered(TypedDict):
    answer: Any


class _Dated(TypedDict):
    at: float


_QUESTIONS = TypeAdapter(tuple[Question, ...])
_ANSWERED, _DATED = TypeAdapter(_Answered), TypeAdapter(_Dated)


def waiting_json(found: tuple[Question, ...]) -> Json:
    """The questions as they are stored with the run that waits."""
    return {"waiting": [as_fields(one) for one in found]}


def waiting_of(result: Json) -> tuple[Question, ...]:
    """Read the questions that a waiting run was stored with."""
    kept = result.get("waiting") if isinstance(result, Mapping) else None
    return read_stored(_QUESTIONS, kept or [], "question")


def wake_at(found: tuple[Question, ...]) -> float | None:
    """Earliest timeout of the questions, in seconds since 1970; None without timeouts."""
    return min((one.deadline for one in found if one.deadline is not None), default=None)


def answer_json(value: Json, by: str | None = None) -> Json:
    """An answer as stored, with its author and time."""
    return {"answer": value, "by": by or _who(), "at": time.time()}


def answer_of(kept: Json) -> Any:
    """The answer itself, without the stored author and time."""
    return read_stored(_ANSWERED, kept, "answer")["answer"]


def asked_at(kept: Json) -> float:
    """When a question was asked, or an answer given, in seconds since 1970."""
    return read_stored(_DATED, kept, "question")["at"]


def interrupt_key(interrupt_id: str) -> str:
    """The key of a question that LangGraph's own `interrupt()` asked."""
    return f"{INTERRUPT}{interrupt_id}"


def check_answer(question: Question, value: Json) -> None:
    """Refuse an answer that is not of the requested type.

    Raises:
        BadInput: The answer has another type; the message gives the expected one.
    """
    schema = question.schema
    if schema is not None and not fits(value, schema, schema):
        raise BadInput(
            f"The question `{question.key}` takes an answer of this form: {_shown(schema)}; not {value!r}."
        )


def fits(  # noqa: PLR0911 - one for each keyword
    value: Any, schema: Mapping[str, Any], top: Mapping[str, Any]
) -> bool:
    """Whether a value has a schema's types, names and choices; other keywords are checked by the run."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return fits(value, top.get("$defs", {}).get(name, {}), top)
    if "anyOf" in schema:
        return any(fits(value, one, top) for one in schema["anyOf"])
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "const" in schema and value != schema["const"]:
        return False
    kind = schema.get("type")
    if kind is None:
        return True
    if isinstance(value, bool) and kind != "boolean":
        return False
    if not isinstance(value, _KINDS.get(str(kind), object)):
        return False
    if isinstance(value, list):
        return all(fits(one, schema.get("items", {}), top) for one in value)
    if isinstance(value, dict):
        named = schema.get("properties", {})
        return set(schema.get("required", ())) <= set(value) and all(
            fits(value[name], named[name], top) for name in value if name in named
        )
    return True


def _shown(schema: Mapping[str, Any]) -> str:
    return str({name: part for name, part in schema.items() if name not in {"title", "description"}})[:300]


def _who() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError, ImportError):
        return socket.gethostname()
