"""optillm's proxy with its best-of-n, asked by an aiohttp client, all instances at once.

Arguments: URL INSTANCES N.
"""

from __future__ import annotations

import asyncio
import json
import sys

import aiohttp
from optillm_proxy import proxy
from turns import questions, take_turns


async def _all(url: str, asked: list[str]) -> int:
    async def one(session: aiohttp.ClientSession, problem: str) -> str:
        body = {"model": "bon-fake", "messages": [{"role": "user", "content": problem}]}
        async with session.post(f"{url}/chat/completions", json=body) as reply:
            said = json.loads(await reply.read())
        return str(said["choices"][0]["message"]["content"])

    waiting = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=waiting) as session:
        return len(await asyncio.gather(*(one(session, problem) for problem in asked)))


if __name__ == "__main__":
    base, count, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with asyncio.Runner() as runner, proxy(base, width) as (front, process_id):
        take_turns(
            lambda salt: runner.run(_all(front, questions(count, salt))),
            ["optillm", "flask", "openai", "aiohttp"],
            proxy=process_id,
        )
