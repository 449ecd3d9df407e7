"""The OpenAI chat format: the body of a request, with vLLM's extensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, cast

from branchwise.models.openai_format import write_messages, write_tools
from branchwise.models.protocol import OutputFormat, SampleRequest
from branchwise.store.records import Json

TOP: Final = 20
"""Maximum number of likeliest tokens that servers return."""

Dialect = Literal["openai", "vllm"]
"""The server's dialect beyond the common format."""


def write(request: SampleRequest, dialect: Dialect) -> dict[str, Any]:
    """Build the body of a chat completion, without the model's name and the output limit.

    With vLLM a prefix is an unfinished assistant message that the server continues.

    Raises:
        ModelError: A picture's file cannot be read.
    """
    messages = write_messages(request.messages)
    body: dict[str, Any] = {
        "messages": messages,
        "n": request.n,
        "temperature": request.temperature,
        "top_p": request.top_p,
        **write_tools(request),
        **_held(request.output_format, dialect),
    }
    if begun := request.prefix + request.scored:
        messages.append({"role": "assistant", "content": begun})
        body |= {"add_generation_prompt": False, "continue_final_message": True}
    if request.output_format.stop:
        body["stop"] = list(request.output_format.stop)
    if request.seed is not None:
        body["seed"] = request.seed
    if request.scored:
        body["prompt_logprobs"] = 0
    elif request.logprobs:
        body["logprobs"] = True
        if (likeliest := TOP if request.output_format.choices else request.token_logprobs) is not None:
            body["top_logprobs"] = likeliest
    return body


def strict(schema: Any) -> bool:
    """Whether OpenAI's strict mode takes a schema: every object is closed and requires all that it names."""
    if isinstance(schema, list | tuple):
        return all(map(strict, schema))
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        named = schema.get("properties")
        if schema.get("additionalProperties") is not False or not isinstance(named, Mapping):
            return False
        if set(named) != set(cast("Any", schema.get("required")) or ()):
            return False
        return all(strict(value) for name, value in schema.items() if name != "properties") and all(
            map(strict, named.values())
        )
    return all(map(strict, schema.values()))


def _held(form: OutputFormat, dialect: Dialect) -> dict[str, Json]:
    if not form.constrained:
        return {}
    if dialect == "openai":
        schema: Json = {"name": "sample", "strict": strict(form.schema), "schema": cast("Json", form.schema)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    if form.choices:
        return {"structured_outputs": {"choice": list(form.choices)}}
    if form.regex is not None:
        return {"structured_outputs": {"regex": form.regex}}
    return {"structured_outputs": {"json": cast("Json", form.schema)}}
