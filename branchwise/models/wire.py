"""The OpenAI chat format: requests written, replies read strictly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,  # pydantic wants this one before Python 3.12
    cast,
)

from pydantic import BaseModel, Field, NonNegativeInt, ValidationError
from typing_extensions import TypedDict

from branchwise.models.openai_format import content
from branchwise.models.protocol import OutputFormat, Reply, Sample, SampleRequest
from branchwise.models.scrub import scrub
from branchwise.store.errors import ModelError
from branchwise.store.records import Json, Usage

TOP = 20
"""How many of the likeliest tokens servers tell at most."""
_IMPOSSIBLE = -1000.0
"""Servers write the log-probability of a token that decoding rules out as some such number."""

Dialect = Literal["openai", "vllm"]
"""What the server understands beyond the common part."""


class _Likely(TypedDict):
    token: str
    logprob: float


class _Token(TypedDict):
    # A dictionary: there is one for each token of each sample, and making objects of them took most of the time.
    logprob: Annotated[float, Field(allow_inf_nan=False)]
    top_logprobs: NotRequired[list[_Likely] | None]


class _Logprobs(BaseModel):
    content: list[_Token] | None = None


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    index: int = 0
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Details(BaseModel):
    cached_tokens: NonNegativeInt | None = None


class _Usage(BaseModel):
    prompt_tokens: NonNegativeInt
    completion_tokens: NonNegativeInt
    prompt_tokens_details: _Details | None = None


class _Completion(BaseModel):
    choices: tuple[_Choice, ...]
    usage: _Usage


def write(request: SampleRequest, dialect: Dialect) -> dict[str, Any]:
    """Write the body of a chat completion, without the model's name and the output limit.

    With vLLM a prefix is an unfinished assistant message that the server continues.

    Raises:
        ModelError: A picture's file is gone.
    """
    messages: list[dict[str, Json]] = [
        {"role": message.role, "content": content(message)} for message in request.messages
    ]
    body: dict[str, Any] = {
        "messages": messages,
        "n": request.n,
        "temperature": request.temperature,
        "top_p": request.top_p,
        **_held(request.output_format, dialect),
    }
    if request.prefix:
        messages.append({"role": "assistant", "content": request.prefix})
        body |= {"add_generation_prompt": False, "continue_final_message": True}
    if request.output_format.stop:
        body["stop"] = list(request.output_format.stop)
    if request.seed is not None:
        body["seed"] = request.seed
    if request.logprobs:
        body["logprobs"] = True
        if request.output_format.choices:
            body["top_logprobs"] = TOP
    return body


def read(body: bytes | Mapping[str, Any], request: SampleRequest, seconds: float) -> Reply:
    """Read a chat completion; it may hold another number of samples than was asked for.

    The format counts the tokens of all samples together. A sample's own count comes from its log-probabilities
    where they are there, and is otherwise its share of the sum by length of text.

    Raises:
        ModelError: The reply is not what the format promises.
    """
    try:
        reply = (
            _Completion.model_validate_json(body)
            if isinstance(body, bytes)
            else _Completion.model_validate(body)
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(
            f"The reply cannot be read: {scrub(first['msg'])}" + (f" (`{where}`)" if where else "")
        ) from None
    choices = sorted(reply.choices, key=lambda choice: choice.index)
    if [choice.index for choice in choices] != list(range(len(choices))):
        raise ModelError("The reply cannot be read: its samples are not numbered from 0.")
    counts = _tokens(choices, reply.usage.completion_tokens)
    details = reply.usage.prompt_tokens_details
    cached = (details.cached_tokens or 0) if details else 0
    usage = Usage(
        calls=1,
        prompt_tokens=reply.usage.prompt_tokens,
        cached_tokens=min(cached, reply.usage.prompt_tokens),
        completion_tokens=reply.usage.completion_tokens,
        seconds=seconds,
    )
    samples = tuple(_sample(choice, count, request) for choice, count in zip(choices, counts, strict=True))
    return Reply(samples=samples, usage=usage)


def _held(output_format: OutputFormat, dialect: Dialect) -> dict[str, Json]:
    if not output_format.constrained:
        return {}
    if dialect == "openai":
        schema: Json = {"name": "sample", "strict": True, "schema": cast("Json", output_format.schema)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    if output_format.choices:
        return {"structured_outputs": {"choice": list(output_format.choices)}}
    if output_format.regex is not None:
        return {"structured_outputs": {"regex": output_format.regex}}
    return {"structured_outputs": {"json": cast("Json", output_format.schema)}}


def _sample(choice: _Choice, tokens: int, request: SampleRequest) -> Sample:
    text = choice.message.content or ""
    content = choice.logprobs.content if choice.logprobs else None
    logprob = sum(token["logprob"] for token in content) if request.logprobs and content is not None else None
    choices = None
    if request.logprobs and request.output_format.choices and content:
        top = content[0].get("top_logprobs") or []
        choices = among(request.output_format.choices, ((one["token"], one["logprob"]) for one in top))
    if choice.finish_reason == "length":
        return Sample(text=text, tokens=tokens, finish="length", logprob=logprob, choices=choices)
    if choice.finish_reason in {"content_filter", "error", "abort"}:
        return Sample(text=text, tokens=tokens, finish="error", error=choice.finish_reason)
    if request.output_format.choices and text not in request.output_format.choices:
        # A server that does not know the option leaves it out in silence.
        return Sample(text=text, tokens=tokens, finish="error", error="the server ignored the choices")
    return Sample(text=text, tokens=tokens, logprob=logprob, choices=choices)


def among(choices: Sequence[str], likely: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The log-probabilities of the choices that are among the likeliest tokens."""
    return {token: logprob for token, logprob in likely if token in choices and logprob > _IMPOSSIBLE}


def _tokens(choices: Sequence[_Choice], total: int) -> list[int]:
    if all(choice.logprobs and choice.logprobs.content is not None for choice in choices):
        return [len(choice.logprobs.content or ()) for choice in choices if choice.logprobs]
    if len(choices) == 1:
        return [total]
    lengths = [len(choice.message.content or "") for choice in choices]
    # A sample without text still took its end token.
    weights = [length + 1 for length in lengths]
    ends = [round(total * part / sum(weights)) for part in accumulate(weights)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
