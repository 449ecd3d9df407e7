"""Bodies of requests: the fields of OpenAI's API that mean something here, and our own `branchwise` object."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from branchwise.server.refusals import Refusal

T = TypeVar("T", bound=BaseModel)

LARGEST = 24 * 1024 * 1024
"""Bytes of a body: two pictures of the largest size, and a conversation."""
LENIENT = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)
"""Clients send fields that mean nothing here; fields with a meaning have the right type."""
_OWN = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
_LONGEST_KEY = 255

Name = Annotated[str, Field(max_length=200)]
Count = Annotated[int, Field(ge=1, le=2**31)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class BudgetBody(BaseModel):
    """The budget of a run: `branchwise.budget`."""

    model_config = _OWN

    tokens: Count | None = None
    completion_tokens: Count | None = None
    calls: Count | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    cost: Annotated[float, Field(gt=0)] | None = None
    """US dollars."""


class Extension(BaseModel):
    """Our own object `branchwise` in a request's body."""

    model_config = _OWN

    strategy: Name | None = None
    task: Name | None = None
    knobs: dict[str, int | float | str | bool] = Field(default_factory=dict)
    budget: BudgetBody = Field(default_factory=BudgetBody)
    verifier: Name | None = None
    progress: bool = True
    """Whether a stream tells of the search as `reasoning_content`."""
    detach: bool = False
    """Whether the run goes on when the client hangs up."""
    strict: bool = False
    """Whether an answer that was not accepted is an error."""
    idempotency_key: Annotated[str, Field(min_length=1, max_length=_LONGEST_KEY)] | None = None


class StreamOptions(BaseModel):
    """Options of a stream."""

    model_config = LENIENT

    include_usage: bool = False


class ChatBody(BaseModel):
    """The body of POST /v1/chat/completions."""

    model_config = LENIENT

    messages: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]
    model: Name = ""
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: (
        Annotated[str, Field(min_length=1)]
        | Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=16)]
        | None
    ) = None
    response_format: dict[str, Any] | None = None
    tools: Annotated[list[dict[str, Any]], Field(max_length=128)] | None = None
    tool_choice: str | dict[str, Any] | None = None
    reasoning_effort: Effort | None = None
    modalities: list[str] | None = None
    metadata: Annotated[dict[str, Annotated[str, Field(max_length=512)]], Field(max_length=16)] | None = None
    store: bool | None = None
    branchwise: Extension = Field(default_factory=Extension)


async def read_body(request: Request, kind: type[T]) -> T:
    """Read and check a request's JSON body.

    Raises:
        Refusal: It is too large, is no JSON, or a field has the wrong type; names the field.
    """
    declared = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if declared != "application/json":
        # A page of another site can send any other type without asking the browser for permission.
        raise Refusal(message="The content type of a body is application/json.", status=415)
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > LARGEST:
            most = LARGEST >> 20
            raise Refusal(message=f"The body is larger than {most} MiB.", status=413, code="too_large")
    try:
        return kind.model_validate_json(bytes(found))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][:4])
        said = f"`{where}`: {first['msg']}." if where else f"The body cannot be read: {first['msg']}."
        raise Refusal(message=said, param=where or None) from None


def idempotency_key(request: Request, own: Extension) -> str | None:
    """The idempotency key of a request, from its header or its body.

    Raises:
        Refusal: It is too long.
    """
    key = request.headers.get("idempotency-key") or own.idempotency_key
    if key is not None and len(key) > _LONGEST_KEY:
        raise Refusal(message=f"An idempotency key has {_LONGEST_KEY} characters at most.")
    return key


def fingerprint(body: BaseModel) -> str:
    """A digest of what a request asks for; whether it is streamed makes no difference."""
    text = body.model_dump_json(exclude={"stream", "stream_options"})
    return hashlib.sha256(text.encode()).hexdigest()
