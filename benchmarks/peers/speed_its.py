"""its-hub's Best-of-N with a program as its reward model, instances gathered.

Arguments: URL INSTANCES N [MOST-AT-ONCE].
"""

from __future__ import annotations

import asyncio
import sys

from its_hub import BestOfN, OpenAICompatibleLanguageModel
from its_hub.api import AbstractOutcomeRewardModel
from its_hub.core.orchestrator import LMOrchestrator
from turns import questions, reward, take_turns


class Program(AbstractOutcomeRewardModel):
    """Judges the last message of each conversation."""

    def score(self, conversations, **_):
        """Score each conversation."""
        return [reward(conversation[-1].content) for conversation in conversations]

    async def ascore(self, conversations, **_):
        """Do what `score` does."""
        return self.score(conversations)


async def _all(model, search, asked, n):
    results = await asyncio.gather(
        *(search.ainfer(model, problem, n, return_response_only=False) for problem in asked)
    )
    assert all(len(result.responses) == n for result in results)
    await model.close()
    return len(results)


if __name__ == "__main__":
    base, count, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    most = int(sys.argv[4]) if len(sys.argv) > 4 else 32
    lm = OpenAICompatibleLanguageModel(endpoint=base, api_key="none", model_name="fake")
    best = BestOfN(Program(), LMOrchestrator(max_concurrency=most))
    with asyncio.Runner() as runner:
        take_turns(
            lambda salt: runner.run(_all(lm, best, questions(count, salt), width)), ["its_hub", "aiohttp"]
        )
