"""The floor: a bare aiohttp loop with n=8 that judges, chooses, and keeps nothing.

Arguments: URL INSTANCES N.
"""

from __future__ import annotations

import asyncio
import json
import sys

import aiohttp
from turns import questions, reward, take_turns


async def _all(url: str, asked: list[str], n: int) -> int:
    async def one(session: aiohttp.ClientSession, problem: str) -> str:
        body = {"model": "fake", "n": n, "messages": [{"role": "user", "content": problem}]}
        async with session.post(f"{url}/chat/completions", json=body) as reply:
            said = json.loads(await reply.read())
        return max((choice["message"]["content"] for choice in said["choices"]), key=reward)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        return len(await asyncio.gather(*(one(session, problem) for problem in asked)))


if __name__ == "__main__":
    base, count, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with asyncio.Runner() as runner:
        take_turns(lambda salt: runner.run(_all(base, questions(count, salt), width)), ["aiohttp"])
