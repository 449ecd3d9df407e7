"""An OpenAI-compatible server for the comparison of quality: the embedded model, answers held to the task's form.

    BRANCHWISE_DATA=../shared/data python benchmarks/peers/endpoint.py --task calendar

Whoever asks with a problem of the task gets samples from one and the same distribution: the model's, at the
temperature asked for, held to the task's own form of an answer (`Task.output_format`, with the constraints that a
program reads from the problem; the calendar's form looks at nobody's schedule). Any other question, such as "Rate the
above response:", is answered freely. It takes what vLLM takes: `structured_outputs`, and the continuation of a partial
reply. POST /check {"asked", "text"} gives the score of the task's program, -100 to 100: a reward model for all.
GET /stats tells what was asked and written; POST /reset forgets it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from typing import Any

from aiohttp import web

from branchwise import tasks
from branchwise.models import load
from branchwise.models.protocol import Message, Model, OutputFormat, SampleRequest
from branchwise.store.records import Constraints
from branchwise.tasks.domains.instances import Instance

_MOST = 256
"""Tokens of a free answer at most."""


class Endpoint:
    """Answers, and counts what it answers."""

    def __init__(self, model: Model, task: str) -> None:
        found = tasks.benchmark(task)
        self._model, self._task = model, found.task
        self._instances = tuple(found.instances(None))
        self._counts: Counter[str] = Counter()
        self._seen: set[tuple[str, str]] = set()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if request.path.endswith("/chat/completions"):
            return await self._complete(json.loads(await request.read()))
        if request.path.endswith("/models"):
            return web.json_response({"data": [{"id": "smollm2", "owned_by": "vllm"}]})
        if request.path == "/check":
            return self._check(json.loads(await request.read()))
        if request.path == "/reset":
            self._counts.clear()
            self._seen.clear()
            return web.Response()
        return web.json_response(self._counts | Counter(distinct_answers=len(self._seen)))

    async def _complete(self, body: dict[str, Any]) -> web.Response:
        messages, prefix = list(body["messages"]), ""
        if body.get("continue_final_message"):
            prefix = messages.pop()["content"]
        form, kind = self._form(body, str(messages[-1]["content"]))
        reply = await self._model.sample(
            SampleRequest(
                messages=tuple(
                    Message(role=m["role"], content=str(m["content"])) for m in messages if m["content"]
                ),
                prefix=prefix,
                n=int(body.get("n") or 1),
                temperature=float(body.get("temperature", 1.0)),
                output_format=form,
                seed=body.get("seed"),
            )
        )
        usage = reply.usage
        self._counts += Counter(
            {
                "requests": 1,
                f"{kind}_samples": len(reply.samples),
                f"{kind}_tokens": usage.completion_tokens,
                "prompt_tokens": usage.prompt_tokens,
            }
        )
        if kind == "answer":
            asked = str(messages[-1]["content"])
            self._seen |= {(asked, prefix + sample.text) for sample in reply.samples}
        choices = [
            {
                "index": i,
                "message": {"role": "assistant", "content": sample.text},
                "finish_reason": sample.finish,
            }
            for i, sample in enumerate(reply.samples)
        ]
        total = usage.prompt_tokens + usage.completion_tokens
        told = {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": total,
        }
        head = {"id": "0", "object": "chat.completion", "created": 0, "model": "smollm2"}
        return web.json_response({**head, "choices": choices, "usage": told})

    def _form(self, body: dict[str, Any], asked: str) -> tuple[OutputFormat, str]:
        held = body.get("structured_outputs") or {}
        if "choice" in held:
            return OutputFormat(max_tokens=_MOST, choices=tuple(held["choice"])), "answer"
        if "regex" in held:
            return OutputFormat(max_tokens=_MOST, regex=held["regex"]), "answer"
        known = self._constraints(asked)
        if known is not None:
            return self._task.output_format(known, "", "solution"), "answer"
        most = body.get("max_tokens") or body.get("max_completion_tokens") or _MOST
        return OutputFormat(max_tokens=min(_MOST, int(most))), "other"

    def _constraints(self, asked: str) -> Constraints | None:
        instance = self._instance(asked)
        return None if instance is None else self._task.read_constraints(instance.problem)

    def _instance(self, asked: str) -> Instance | None:
        return next((one for one in self._instances if one.problem in asked), None)

    def _check(self, body: dict[str, Any]) -> web.Response:
        known = self._constraints(body["asked"])
        if known is None or self._task.check is None:
            return web.Response(status=400)
        verdict = self._task.check(known, body["text"], True)
        return web.json_response({"score": -100.0 if verdict is None else verdict.score})


async def serve(task: str, port: int, threads: int) -> None:
    """Listen on 127.0.0.1 until cancelled; the address is the first line of output."""
    runner = web.ServerRunner(web.Server(Endpoint(load("embedded", threads=threads), task), access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    host, bound = runner.addresses[0][:2]
    print(f"http://{host}:{bound}/v1", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", default="calendar")
    parser.add_argument("--threads", type=int, default=1, help="a busy machine is slower with more")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    given = parser.parse_args()
    asyncio.run(serve(given.task, given.port, given.threads))


if __name__ == "__main__":
    main()
