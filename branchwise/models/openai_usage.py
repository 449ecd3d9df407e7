"""Usage objects in OpenAI's form: the whole search's tokens, as the run's bill has them."""

from __future__ import annotations

from branchwise.store.records import Json, Usage


def usage_json(usage: Usage, answer: int) -> dict[str, Json]:
    """Usage in OpenAI's form.

    Args:
        usage: What the run cost.
        answer: Completion tokens of the answers that are given; all others count as reasoning.
    """
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": max(0, usage.completion_tokens - answer)},
    }
