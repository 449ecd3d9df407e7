"""Search an environment like a website: wolf, goat and cabbage, in river.py. The model draws actions at random.

A real site: branchwise web "find the red mug" --url http://localhost:8000 --model openai-compatible:NAME --base-url URL
"""

from __future__ import annotations

import asyncio

from branchwise.environments.spec import EnvironmentSpec
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse


async def main() -> None:
    """Search best first; states that are equal are looked at once."""
    options = WebOptions(depth=7, max_pages=200, samples=40, value_samples=0, pick_actions=True)
    result = await browse("", EnvironmentSpec(name="river:river"), model="uniform", options=options)
    print(f"solved: {result.solved}, verified by: {result.verified_by}")
    for number, action in enumerate(result.actions, start=1):
        print(f"{number}. {action}")


if __name__ == "__main__":
    asyncio.run(main())
