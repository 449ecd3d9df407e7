"""Attributes of spans: OpenTelemetry's GenAI conventions, and beside them OpenInference's.

The names are those of schema 1.42.0, all of which are in development; no package has them as constants yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from branchwise.integrations.opentelemetry.spans import AttributeValue
from branchwise.models.protocol import Reply, Sample, SampleRequest
from branchwise.store.records import Usage

SCHEMA: Final = "https://opentelemetry.io/schemas/gen-ai/1.42.0"
OPERATION: Final = "gen_ai.operation.name"
CONVERSATION: Final = "gen_ai.conversation.id"
EVALUATION: Final = "gen_ai.evaluation.result"
ERROR: Final = "error.type"
_PROVIDERS: Final = {"openai-compatible": "openai", "pool": "vllm", "embedded": "llama.cpp"}
"""Flavour of the API behind a kind of model."""
_FINISH: Final = {"budget": "length", "tool_calls": "tool_call"}
"""Ends of a sample whose names differ from the convention's."""

Filled = dict[str, AttributeValue]


def model_attributes(model: str, base_url: str | None) -> Filled:
    """Which model on which server, from the name that the record has."""
    scheme, _, name = model.partition(":")
    provider = _PROVIDERS.get(scheme, scheme)
    if scheme == "litellm":
        provider, _, name = name.partition("/") if "/" in name else ("litellm", "", name)
    found: Filled = {"gen_ai.provider.name": provider, "gen_ai.request.model": name or model}
    where = urlsplit(base_url) if base_url and scheme == "openai-compatible" else None
    if where is not None and where.hostname:
        found["server.address"] = where.hostname
        if where.port is not None:
            found["server.port"] = where.port
    return found


def request_attributes(request: SampleRequest) -> Filled:
    """What was asked, without its words."""
    found: Filled = {
        "gen_ai.request.temperature": float(request.temperature),
        "gen_ai.request.top_p": float(request.top_p),
        "gen_ai.request.max_tokens": request.output_format.max_tokens,
    }
    if request.seed is not None:
        found["gen_ai.request.seed"] = request.seed
    if request.output_format.stop:
        found["gen_ai.request.stop_sequences"] = request.output_format.stop
    if request.n != 1:
        found["gen_ai.request.choice.count"] = request.n
    return found


def reply_attributes(reply: Reply) -> Filled:
    """How the samples ended."""
    return {"gen_ai.response.finish_reasons": [_finish(sample) for sample in reply.samples]}


def usage_attributes(usage: Usage) -> Filled:
    """The bill of a call, as the record has it."""
    found: Filled = {
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
    }
    if usage.cached_tokens:
        found["gen_ai.usage.cache_read.input_tokens"] = usage.cached_tokens
    if usage.estimated:
        found["branchwise.usage.estimated"] = True
    if not usage.unpriced:
        found["branchwise.cost"] = float(usage.cost)
    return found


def content_attributes(request: SampleRequest, reply: Reply | None) -> Filled:
    """The words of a call: opt-in, since they may be private."""
    said = [message for message in request.messages if message.role != "system"]
    found: Filled = {
        "gen_ai.input.messages": _json([_message(one.role, one.content) for one in said]),
    }
    system = [{"type": "text", "content": one.content} for one in request.messages if one.role == "system"]
    if system:
        found["gen_ai.system_instructions"] = _json(system)
    if reply is not None:
        found["gen_ai.output.messages"] = _json(
            [{**_message("assistant", one.text), "finish_reason": _finish(one)} for one in reply.samples]
        )
    return found


def openinference(
    kind: str, attributes: Mapping[str, AttributeValue], request: SampleRequest | None, reply: Reply | None
) -> Filled:
    """OpenInference's attributes of a span that has these GenAI ones; with a request also its words."""
    found: Filled = {"openinference.span.kind": kind}
    if CONVERSATION in attributes:
        found["session.id"] = attributes[CONVERSATION]
    if kind == "LLM":
        found |= _counts(attributes)
    if request is not None:
        for i, message in enumerate(request.messages):
            found[f"llm.input_messages.{i}.message.role"] = message.role
            found[f"llm.input_messages.{i}.message.content"] = message.content
        for i, sample in enumerate(reply.samples if reply is not None else ()):
            found[f"llm.output_messages.{i}.message.role"] = "assistant"
            found[f"llm.output_messages.{i}.message.content"] = sample.text
    return found


def _counts(attributes: Mapping[str, AttributeValue]) -> Filled:
    read, written = (attributes.get(f"gen_ai.usage.{side}_tokens") for side in ("input", "output"))
    found: Filled = {"llm.model_name": attributes.get("gen_ai.request.model", "")}
    if isinstance(read, int) and isinstance(written, int):
        found |= {
            "llm.token_count.prompt": read,
            "llm.token_count.completion": written,
            "llm.token_count.total": read + written,
        }
    names = {
        "gen_ai.usage.cache_read.input_tokens": "llm.token_count.prompt_details.cache_read",
        "branchwise.cost": "llm.cost.total",
    }
    return found | {theirs: attributes[ours] for ours, theirs in names.items() if ours in attributes}


def _finish(sample: Sample) -> str:
    return _FINISH.get(sample.finish, sample.finish)


def _message(role: str, text: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
