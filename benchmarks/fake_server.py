"""An OpenAI-compatible server that answers after a fixed latency, to measure clients against.

    python benchmarks/fake_server.py --port 8901 --latency 0.05 --tokens 32

It answers GET /v1/models and POST /v1/chat/completions and /v1/completions with n samples in one reply, made from
the request's seed, or different each time where there is none; a request with a stop text gets three steps before an
answer, and a judge's prompt, one that asks for a line "Score: ", gets such a line. GET /stats counts what came in;
POST /reset sets the counts to zero. `running()` starts it as a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

_WORDS = (
    "first",
    "then",
    "consider",
    "the",
    "case",
    "where",
    "both",
    "sides",
    "agree",
    "so",
    "that",
    "it",
    "holds",
)


@dataclass(slots=True)
class Stats:
    """What came in since the start or the last reset."""

    requests: int = 0
    samples: int = 0
    tokens: int = 0
    in_flight: int = 0
    peak_requests: int = 0
    """Requests in flight at most."""
    connections: int = 0
    cancelled: int = 0
    """Requests whose client hung up before the answer."""


class Server:
    """Counts and answers."""

    def __init__(self, *, latency: float, tokens: int, owner: str) -> None:
        self.stats = Stats()
        self._latency, self._tokens = latency, tokens
        self._models = json.dumps({"object": "list", "data": [{"id": "fake", "owned_by": owner}]}).encode()
        self._seen: set[int] = set()
        self._drawn = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if request.path.endswith("completions"):
            return await self._complete(request)
        if request.path == "/stats":
            return web.json_response({**asdict(self.stats), "connections": len(self._seen)})
        if request.path == "/reset":
            self.stats = Stats(in_flight=self.stats.in_flight)
            self._seen.clear()
            return web.Response()
        if request.path in {"/v1/models", "/health"}:
            return web.Response(body=self._models, content_type="application/json")
        return web.Response(status=404)

    async def _complete(self, request: web.BaseRequest) -> web.Response:
        stats = self.stats
        self._seen.add(id(request.transport))
        stats.requests += 1
        stats.in_flight += 1
        stats.peak_requests = max(stats.peak_requests, stats.in_flight)
        try:
            body = json.loads(await request.read())
            if self._latency:
                await asyncio.sleep(self._latency)
        except asyncio.CancelledError:
            stats.cancelled += 1
            raise
        finally:
            stats.in_flight -= 1
        n = int(body.get("n") or 1)
        stats.samples += n
        stats.tokens += n * self._tokens
        return web.Response(
            body=self._reply(body, n, chat="messages" in body), content_type="application/json"
        )

    def _reply(self, body: dict[str, Any], n: int, *, chat: bool) -> bytes:
        asked = body["messages"][-1]["content"] if chat else body["prompt"]
        seed = body.get("seed")
        first = int(seed) if seed is not None else self._drawn
        self._drawn += n
        # Whoever names a stop text wants steps, and the whole solution after three of them.
        whole = not body.get("stop") or str(asked).count("\n\n") >= 3
        choices = [
            self._choice(i, self._text(str(asked), first + i, whole), body, chat=chat) for i in range(n)
        ]
        usage = {"prompt_tokens": len(str(asked)) // 4, "completion_tokens": n * self._tokens}
        reply = {"id": "fake", "object": "chat.completion" if chat else "text_completion", "created": 0}
        total = sum(usage.values())
        return json.dumps(
            {**reply, "model": "fake", "choices": choices, "usage": {**usage, "total_tokens": total}}
        ).encode()

    def _choice(self, index: int, text: str, body: dict[str, Any], *, chat: bool) -> dict[str, Any]:
        said: dict[str, Any] = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        if body.get("logprobs"):
            token = {"token": "word", "logprob": -0.5, "bytes": None, "top_logprobs": []}
            said["logprobs"] = {"content": [token] * self._tokens}
        return {"index": index, "finish_reason": "stop", **said}

    def _text(self, asked: str, seed: int, whole: bool) -> str:
        if '"Score: "' in asked:
            return f"It could be better.\nScore: {zlib.crc32(asked.encode()) % 90}"
        words = " ".join(_WORDS[(seed * 7 + i * i) % len(_WORDS)] for i in range(self._tokens - 2))
        return f"{words}\nAnswer: {seed % 1_000_003}" if whole else f"{words} {seed % 1_000_003}"


async def serve(server: Server, port: int) -> None:
    """Listen on 127.0.0.1 until cancelled; the address is the first line of output."""
    runner = web.ServerRunner(web.Server(server, access_log=None, handler_cancellation=True))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024)
    await site.start()
    host, bound = runner.addresses[0][:2]
    print(f"http://{host}:{bound}/v1", flush=True)
    await asyncio.Event().wait()


@contextmanager
def running(**options: float | str) -> Iterator[str]:
    """Start the server as a process of its own, give its URL, end it.

    Args:
        **options: `latency` in seconds, `tokens` a sample, `owner` ("vllm" claims vLLM's extensions).
    """
    flags = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    process = subprocess.Popen([sys.executable, __file__, *flags], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds that each request takes")
    parser.add_argument("--tokens", type=int, default=32, help="tokens and words of each sample")
    parser.add_argument("--owner", default="vllm", help="what /v1/models says of its owner")
    wanted = parser.parse_args()
    server = Server(latency=wanted.latency, tokens=wanted.tokens, owner=wanted.owner)
    try:
        asyncio.run(serve(server, wanted.port))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
