"""The likelihood of a text: its log-probability as the answer to a prompt."""

from __future__ import annotations

from branchwise.models.protocol import Message, OutputFormat, Sampler, SampleRequest


async def likelihood(sample: Sampler, key: str, prompt: str, text: str) -> float | None:
    """The sum of the natural logarithms of a text's token probabilities; None if it cannot be had.

    Args:
        sample: The model's Sampler; its engine has `Capabilities.scores`.
        key: Names the work within the run.
        prompt: What the user says.
        text: What the assistant is to answer; it is forced, not sampled.
    """
    if not text:
        return None
    request = SampleRequest(
        messages=(Message(role="user", content=prompt),),
        scored=text,
        # An engine that scores by decoding needs room for the text: a token is a byte at least.
        output_format=OutputFormat(max_tokens=len(text.encode("utf-8", "replace")) + 2),
        temperature=0.0,
    )
    found = (await sample(key, request)).samples[0]
    return found.logprob if found.error is None and found.finish == "stop" else None
