"""The replies of `test_completion` from a server, read through litellm's provider for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from branchwise import models
from branchwise.models.protocol import Sample, SampleRequest, ToolCall
from tests.models.test_completion import ADD, ASK, CALLS, SERVERS, completion, says

PROVIDERS = {
    "OpenAI": "openai/gpt-4o-mini",
    "OpenAI, a reasoning model cut off": "openai/o4-mini",
    "OpenAI, refusing": "openai/gpt-4o-mini",
    "Azure, filtered": "azure/gpt-4o-mini",
    "Mistral, thinking in parts": "mistral/magistral-small-latest",
    "Mistral, cut off": "mistral/mistral-small-latest",
    "DeepSeek": "deepseek/deepseek-reasoner",
    "DeepSeek, reasoning only": "deepseek/deepseek-reasoner",
    "DeepSeek, overloaded": "deepseek/deepseek-chat",
    "Together": "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo",
    "Ollama": "openai/llama3",
    "LM Studio, marks in the text": "lm_studio/qwen3",
    "sglang": "hosted_vllm/qwen3",
    "TGI": "huggingface/tgi",
    "OpenRouter, an error of one choice": "openrouter/qwen/qwen3",
    "null": "hosted_vllm/qwen3",
    "empty": "hosted_vllm/qwen3",
}
"""litellm has no provider for sglang, whose API is OpenAI's like vLLM's."""
LOST: dict[str, dict[str, object]] = {
    "OpenRouter, an error of one choice": {"error": "it is empty"},
}
"""What litellm does not pass on."""
KEYS = (
    "OPENAI",
    "AZURE",
    "MISTRAL",
    "DEEPSEEK",
    "TOGETHERAI",
    "LM_STUDIO",
    "HF",
    "HOSTED_VLLM",
    "OPENROUTER",
)


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(f"{name}_API_KEY", "sk-test")
    monkeypatch.setenv("AZURE_API_VERSION", "2024-10-21")


@contextmanager
def serving(body: Any) -> Iterator[tuple[str, list[str]]]:
    """Start a server that gives one reply wherever it is asked; yields its address and the paths.

    It has a thread of its own: after a call litellm asks Ollama about the model, and the event loop waits for it.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["content-length"]))
            written = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        do_GET = do_POST  # noqa: N815 - the base class's name

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the base class's name

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


async def through(provider: str, body: Any, **more: Any) -> Sample:
    with serving(body) as (url, asked):
        base = url if provider.startswith(("azure", "ollama")) else f"{url}/v1"
        model = models.load(f"litellm:{provider}", base_url=base, retries=0)
        try:
            [sample] = (await model.sample(SampleRequest(messages=ASK, **more))).samples
        finally:
            await model.aclose()
    assert any(path.partition("?")[0].endswith(("/chat/completions", "/api/chat")) for path in asked)
    return sample


@pytest.mark.parametrize("server", PROVIDERS)
async def test_each_servers_form_is_read_through_its_provider(server: str) -> None:
    body, expected = SERVERS[server]
    sample = await through(PROVIDERS[server], body)
    assert {name: getattr(sample, name) for name in expected} == expected | LOST.get(server, {})


@pytest.mark.parametrize(
    "provider", ["openai/gpt-4o-mini", "mistral/mistral-small-latest", "hosted_vllm/qwen3"]
)
async def test_tool_calls_are_kept(provider: str) -> None:
    body = completion(says(None, **CALLS["OpenAI"]), finish_reason="tool_calls")
    sample = await through(provider, body, tools=(ADD,))
    assert sample.finish == "tool_calls"
    assert sample.tool_calls == (ToolCall(id="call_a", name="add", arguments='{"a": 1}'),)


async def test_ollamas_own_form_is_read() -> None:
    body = {
        "model": "qwen3",
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": "391", "thinking": "First 17 * 20."},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 40,
        "eval_count": 7,
    }
    sample = await through("ollama_chat/qwen3", body)
    assert (sample.text, sample.reasoning, sample.finish, sample.tokens) == (
        "391",
        "First 17 * 20.",
        "stop",
        7,
    )
    cut = await through("ollama_chat/qwen3", body | {"done_reason": "length"})
    assert cut.finish == "length"
