"""optillm on the instances of standard input: a JSON list of prompts in, a JSON list of answers out.

Arguments: URL bon|majority_voting N TEMPERATURE. Its best-of-n samples at temperature 1 whatever is asked.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib.metadata import version

import aiohttp
from optillm_proxy import proxy


async def main(front: str, approach: str, n: int, temperature: float) -> None:
    """Answer all."""
    answers = []
    waiting = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=waiting) as session:
        for prompt in json.load(sys.stdin):
            body = {
                "model": f"{approach}-smollm2",
                "messages": [{"role": "user", "content": prompt}],
                "temperature": temperature,
                "k": n,
            }
            async with session.post(f"{front}/chat/completions", json=body) as reply:
                said = json.loads(await reply.read())
            answers.append(said["choices"][0]["message"]["content"])
    print(json.dumps({"versions": {"optillm": version("optillm")}, "answers": answers}))


if __name__ == "__main__":
    width = int(sys.argv[3])
    with proxy(sys.argv[1], width) as (at, _):
        asyncio.run(main(at, sys.argv[2], width, float(sys.argv[4])))
