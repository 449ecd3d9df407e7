"""Answers of a search as Inspect's model outputs."""

from __future__ import annotations

from typing import Any

from inspect_ai.model import ModelOutput, model_output_from_openai

from branchwise.graphs.search.finalists import Finalist
from branchwise.integrations.chat_search import ChatAnswer
from branchwise.models.openai_usage import usage_json


async def output_of(answer: ChatAnswer, model: str) -> ModelOutput:
    """The output: the answers as choices, the whole search's usage, and the run in its metadata."""
    usage = answer.result.usage
    completion = {
        "id": f"chatcmpl-{answer.result.run_id}",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [_choice(at, one) for at, one in enumerate(answer.answers)],
        "usage": usage_json(usage, sum(one.tokens for one in answer.answers)),
    }
    output = await model_output_from_openai(completion)
    output.metadata = dict(answer.about)
    if output.usage is not None and not usage.unpriced:
        output.usage.total_cost = usage.cost
    return output


def _choice(index: int, one: Finalist) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": one.text or None}
    if one.calls:
        message["tool_calls"] = one.tool_calls
    return {"index": index, "message": message, "finish_reason": one.finish}
