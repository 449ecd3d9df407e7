"""JSON form of requests and replies for the ledger and logs."""

from __future__ import annotations

from dataclasses import fields
from typing import Final, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from branchwise.models.limits import bounded
from branchwise.models.protocol import Message, OutputFormat, Reply, Sample, SampleRequest, Tool
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import Damaged, StoreError
from branchwise.store.records import Json

T = TypeVar("T")

_VERSION: Final = 1
_DEFAULTS: Final = ((), "", None, False, "auto")
"""Default values of fields."""
_MOST: Final = 10**12
"""Largest number in the record of one call: of tokens, seconds or dollars."""
_TOKENS: Final = 2**31 - 1
"""Most tokens of a sample, which is what a column holds."""
_REPLY = TypeAdapter(Reply)


class _OutputFormat(BaseModel):
    # The record's type is recursive JSON, which pydantic cannot resolve from a dataclass.
    model_config = ConfigDict(extra="forbid")

    max_tokens: int
    stop: tuple[str, ...]
    choices: tuple[str, ...]
    regex: str | None
    steer: dict[str, JsonValue] | None = Field(alias="schema")
    excluded: tuple[str, ...] = ()


class _Tool(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    description: str = ""
    parameters: dict[str, JsonValue] = {}


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    messages: tuple[Message, ...]
    prefix: str
    n: int
    temperature: float
    top_p: float
    output_format: _OutputFormat = Field(alias="shape")  # its original name in recorded requests
    seed: int | None
    logprobs: bool
    token_logprobs: int | None = None
    tools: tuple[_Tool, ...] = ()
    tool_choice: str = "auto"
    scored: str = ""


_REQUEST = TypeAdapter(_Request)


def request_json(request: SampleRequest) -> Json:
    """Convert a request to JSON; later fields are omitted at their defaults, as in earlier runs."""
    fields, form = as_fields(request), as_fields(request.output_format)
    del fields["output_format"]
    _spare(form, "excluded")
    _spare(fields, "tools", "tool_choice", "scored")
    if request.token_logprobs is None:  # 0 is none of the defaults, although it equals False
        del fields["token_logprobs"]
    if request.tools:
        fields["tools"] = [as_fields(tool) for tool in request.tools]
    messages = [_message(message) for message in request.messages]
    return cast(
        "Json",
        {"version": _VERSION, **fields, "messages": messages, "shape": form},
    )


def reply_json(reply: Reply) -> Json:
    """Convert a reply to JSON; later fields are omitted at their defaults."""
    fields = as_fields(reply)
    _spare(fields, "notes")
    samples = [_sample(sample) for sample in reply.samples]
    return cast("Json", {"version": _VERSION, **fields, "samples": samples, "usage": as_fields(reply.usage)})


def read_request(data: Json) -> SampleRequest:
    """Parse the JSON of `request_json`.

    Raises:
        Damaged: The record is damaged.
        StoreError: It is of a later version.
    """
    read = _read(_REQUEST, data)
    form = OutputFormat(
        **{("schema" if name == "steer" else name): value for name, value in read.output_format}
    )
    tools = tuple(Tool(**dict(tool)) for tool in read.tools)
    return SampleRequest(**{**dict(read), "output_format": form, "tools": tools})


def read_reply(data: Json) -> Reply:
    """Parse the JSON of `reply_json`; a sample over the length limit becomes a failed one.

    Raises:
        Damaged: The record is damaged: no reply, or with numbers that no call has.
        StoreError: It is of a later version.
    """
    reply = _read(_REPLY, data)
    counts = [getattr(reply.usage, one.name) for one in fields(reply.usage)]
    tokens = [sample.tokens for sample in reply.samples]
    if not all(0 <= count <= _MOST for count in counts) or not all(0 <= n <= _TOKENS for n in tokens):
        raise Damaged("A recorded call is damaged: it holds numbers that no call has.")
    return bounded(reply)


def _message(message: Message) -> dict[str, object]:
    fields = as_fields(message)
    _spare(fields, "pictures", "tool_calls", "tool_call_id")
    if message.tool_calls:
        fields["tool_calls"] = [as_fields(call) for call in message.tool_calls]
    return fields


def _sample(sample: Sample) -> dict[str, object]:
    fields = as_fields(sample)
    _spare(fields, "tool_calls", "reasoning", "token_logprobs")
    if sample.token_logprobs:
        fields["token_logprobs"] = [as_fields(token) for token in sample.token_logprobs]
    if sample.tool_calls:
        fields["tool_calls"] = [as_fields(call) for call in sample.tool_calls]
    return fields


def _spare(fields: dict[str, object], *names: str) -> None:
    """Omit fields at their defaults."""
    for name in names:
        if fields[name] in _DEFAULTS:
            del fields[name]


def _read(kind: TypeAdapter[T], data: Json) -> T:
    version = data.get("version") if isinstance(data, dict) else None
    if type(version) is int and version > _VERSION:
        raise StoreError("A recorded call was written by a later version of branchwise.")
    if not isinstance(data, dict) or version != _VERSION:
        raise Damaged("A recorded call is damaged: it has no version.")
    try:
        return kind.validate_python({name: value for name, value in data.items() if name != "version"})
    except ValidationError as error:
        raise Damaged(f"A recorded call is damaged: {error.error_count()} fields cannot be read.") from error
    except (OverflowError, RecursionError) as error:
        raise Damaged(
            "A recorded call is damaged: it is nested too deep, or a number is too large."
        ) from error
