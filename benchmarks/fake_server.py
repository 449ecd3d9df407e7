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

import httptools

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
        self.latency, self._tokens = latency, tokens
        self._models = json.dumps({"object": "list", "data": [{"id": "fake", "owned_by": owner}]}).encode()
        self.seen: set[int] = set()
        """Connections on which samples were asked for."""
        self._drawn = 0

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of what answers a request."""
        if path.endswith("completions"):
            return 200, self._complete(json.loads(body))
        if path == "/stats":
            return 200, json.dumps({**asdict(self.stats), "connections": len(self.seen)}).encode()
        if path == "/reset":
            self.stats = Stats(in_flight=self.stats.in_flight)
            self.seen.clear()
            return 200, b""
        return (200, self._models) if path in {"/v1/models", "/health"} else (404, b"")

    def _complete(self, body: dict[str, Any]) -> bytes:
        n = int(body.get("n") or 1)
        self.stats.samples += n
        self.stats.tokens += n * self._tokens
        return self._reply(body, n, chat="messages" in body)

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


class _Connection(asyncio.Protocol):
    """One client's connection, as lean as can be: what it takes is taken from the client that is measured."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._path, self._body = "", b""
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of a stream

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._server.stats.cancelled += 1
            self._server.stats.in_flight -= 1

    def on_message_begin(self) -> None:
        self._body = b""

    def on_url(self, url: bytes) -> None:
        self._path = url.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if not self._path.endswith("completions"):
            self._say()
            return
        stats = self._server.stats
        self._server.seen.add(id(self))
        stats.requests += 1
        stats.in_flight += 1
        stats.peak_requests = max(stats.peak_requests, stats.in_flight)
        if self._server.latency:
            self._waiting = asyncio.get_running_loop().call_later(self._server.latency, self._sampled)
        else:
            self._sampled()

    def _sampled(self) -> None:
        self._waiting = None
        self._server.stats.in_flight -= 1
        self._say()

    def _say(self) -> None:
        assert self._transport is not None
        status, body = self._server.answer(self._path, self._body)
        head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def serve(server: Server, port: int) -> None:
    """Listen on 127.0.0.1 until cancelled; the address is the first line of output."""
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: _Connection(server), "127.0.0.1", port, backlog=1024)
    host, bound = listening.sockets[0].getsockname()[:2]
    print(f"http://{host}:{bound}/v1", flush=True)
    await asyncio.Event().wait()


@contextmanager
def running(**options: float | str) -> Iterator[str]:
    """Start the server as a process of its own, give its URL, end it.

    Args:
        **options: `latency` in seconds, `tokens` a sample, `owner` ("vllm" claims vLLM's extensions).
    """
    flags = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    with subprocess.Popen([sys.executable, __file__, *flags], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


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
