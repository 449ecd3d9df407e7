"""its-hub on the instances of standard input: a JSON list of prompts in, a JSON list of answers out.

Arguments: URL best-of-n|self-consistency N TEMPERATURE.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib.metadata import version

import aiohttp
from its_hub import BestOfN, OpenAICompatibleLanguageModel, SelfConsistency
from its_hub.api import AbstractOutcomeRewardModel


class Program(AbstractOutcomeRewardModel):
    """The task's program, where the server offers it."""

    def __init__(self, base: str) -> None:
        self._at = base.removesuffix("/v1") + "/check"

    def score(self, conversations, **_):
        """Never asked: `ascore` is."""
        raise NotImplementedError

    async def ascore(self, conversations, **_):
        """Score the last message of each conversation."""
        async with aiohttp.ClientSession() as session:
            scores = []
            for conversation in conversations:
                asked = {"asked": conversation[0].content, "text": conversation[-1].content}
                async with session.post(self._at, json=asked) as reply:
                    scores.append((await reply.json())["score"])
            return scores


async def main() -> None:
    """Answer all."""
    base, what, n, temperature = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    model = OpenAICompatibleLanguageModel(
        endpoint=base, api_key="none", model_name="smollm2", temperature=temperature
    )
    search = BestOfN(Program(base)) if what == "best-of-n" else SelfConsistency()
    answers = [(await search.ainfer(model, prompt, n))["content"] for prompt in json.load(sys.stdin)]
    await model.close()
    print(json.dumps({"versions": {"its_hub": version("its_hub")}, "answers": answers}))


if __name__ == "__main__":
    asyncio.run(main())
