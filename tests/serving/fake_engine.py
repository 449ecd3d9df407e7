"""A process that behaves like an engine, well or badly, and starts at once. Run by the supervisor's tests."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from aiohttp import web

METRICS = """# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{{engine="0",model_name="m"}} {running}
vllm:num_requests_waiting{{engine="0",model_name="m"}} 0.0
vllm:prompt_tokens_total{{engine="0",model_name="m"}} 100.0
vllm:prompt_tokens_cached_total{{engine="0",model_name="m"}} 40.0
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--max-num-seqs", type=int, default=4)
    arguments, _ = parser.parse_known_args()
    print("fake engine says hello", flush=True)
    if code := os.environ.get("FAKE_DIES"):
        print("no such weights", flush=True)
        sys.exit(int(code))
    if os.environ.get("FAKE_STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if notes := os.environ.get("FAKE_CHILD"):
        child = subprocess.Popen(["sleep", "1000"])
        with Path(notes).open("a") as file:
            file.write(f"{os.getpid()} {child.pid}\n")
    asyncio.run(serve(arguments.host, arguments.port, 0.4 / arguments.max_num_seqs))


async def serve(host: str, port: int, seconds: float) -> None:
    running, sick, over = 0, False, asyncio.Event()

    async def health(request: web.Request) -> web.Response:
        return web.Response(status=503 if sick else 200)

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(text=METRICS.format(running=running))

    async def slow(request: web.Request) -> web.Response:
        nonlocal running
        running += 1
        await asyncio.sleep(float(request.query["seconds"]))
        running -= 1
        return web.Response(text="done")

    async def die(request: web.Request) -> web.Response:
        os._exit(7)

    async def complete(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(seconds)
        return web.json_response({"usage": {"prompt_tokens": 10, "completion_tokens": 20}})

    async def fall_ill(request: web.Request) -> web.Response:
        nonlocal sick
        sick = True
        return web.Response()

    app = web.Application()
    for path, handler in {
        "/health": health,
        "/metrics": metrics,
        "/slow": slow,
        "/die": die,
        "/ill": fall_ill,
    }.items():
        app.router.add_get(path, handler)
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    if not os.environ.get("FAKE_STUBBORN"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()
