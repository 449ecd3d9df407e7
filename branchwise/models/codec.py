"""Requests and replies as plain JSON, for the ledger and for logs."""

from __future__ import annotations

from typing import Final, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from branchwise.models.protocol import Message, OutputFormat, Reply, SampleRequest
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import StoreError
from branchwise.store.records import Json

T = TypeVar("T")

_VERSION: Final = 1
_REPLY = TypeAdapter(Reply)


class _OutputFormat(BaseModel):
    # The record's own type names JSON recursively, which pydantic cannot resolve from a dataclass.
    model_config = ConfigDict(extra="forbid")

    max_tokens: int
    stop: tuple[str, ...]
    choices: tuple[str, ...]
    regex: str | None
    steer: dict[str, JsonValue] | None = Field(alias="schema")


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    messages: tuple[Message, ...]
    prefix: str
    n: int
    temperature: float
    top_p: float
    output_format: _OutputFormat = Field(alias="shape")  # its name when the first requests were recorded
    seed: int | None
    logprobs: bool


_REQUEST = TypeAdapter(_Request)


def request_json(request: SampleRequest) -> Json:
    """Write a request as JSON."""
    messages = [as_fields(message) for message in request.messages]
    for message in messages:
        # Runs recorded before messages could carry pictures asked the same.
        if not message["pictures"]:
            del message["pictures"]
    fields = as_fields(request)
    del fields["output_format"]
    return cast(
        "Json",
        {"version": _VERSION, **fields, "messages": messages, "shape": as_fields(request.output_format)},
    )


def reply_json(reply: Reply) -> Json:
    """Write a reply as JSON."""
    nested = {"samples": [as_fields(sample) for sample in reply.samples], "usage": as_fields(reply.usage)}
    return cast("Json", {"version": _VERSION, **as_fields(reply), **nested})


def read_request(data: Json) -> SampleRequest:
    """Read what `request_json` wrote.

    Raises:
        StoreError: The record is damaged or of a later version.
    """
    read = _read(_REQUEST, data)
    output_format = OutputFormat(
        **{("schema" if name == "steer" else name): value for name, value in read.output_format}
    )
    return SampleRequest(**{**dict(read), "output_format": output_format})


def read_reply(data: Json) -> Reply:
    """Read what `reply_json` wrote.

    Raises:
        StoreError: The record is damaged or of a later version.
    """
    return _read(_REPLY, data)


def _read(kind: TypeAdapter[T], data: Json) -> T:
    if not isinstance(data, dict) or data.get("version") != _VERSION:
        raise StoreError("A recorded call is damaged or was written by a later version of branchwise.")
    try:
        return kind.validate_python({name: value for name, value in data.items() if name != "version"})
    except ValidationError as error:
        raise StoreError(
            f"A recorded call is damaged: {error.error_count()} fields cannot be read."
        ) from error
