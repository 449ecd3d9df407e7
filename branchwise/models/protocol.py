"""Typed requests and replies, and the protocols of models and samplers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from branchwise.store.records import Usage

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """A model's request to call a function."""

    id: str
    """The id to which the message with the function's result refers."""
    name: str
    arguments: str
    """A JSON object as the model wrote it; it may be invalid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """A function that a model may request to call."""

    name: str
    description: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """JSON schema of its arguments; without one it takes none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str
    """Text; empty if an assistant's message only calls tools."""
    pictures: tuple[str, ...] = ()
    """Paths of JPEG files; a file's name changes with its content, so that the name identifies it."""
    tool_calls: tuple[ToolCall, ...] = ()
    """In an assistant's message: its tool calls."""
    tool_call_id: str | None = None
    """In a tool's message: the id of the call it answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputFormat:
    """The required format of a sample. At most one of `choices`, `regex` and `schema` is set."""

    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    """Texts that end the sample; they are not part of it."""
    choices: tuple[str, ...] = ()
    """The sample is one of these texts."""
    regex: str | None = None
    """The whole sample matches this (the common subset: literals, classes, groups, `|`, `?`, `*`, `+`, `{m,n}`)."""
    schema: Mapping[str, object] | None = None
    """The sample is JSON that satisfies this JSON schema."""
    excluded: tuple[str, ...] = ()
    """With `regex`: texts that the whole sample must not be; only for engines with `Capabilities.excludes`."""

    @property
    def constrained(self) -> bool:
        """Whether decoding must be constrained."""
        return bool(self.choices) or self.regex is not None or self.schema is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleRequest:
    """One call: `n` independent continuations of the same prompt."""

    messages: tuple[Message, ...]
    prefix: str = ""
    """The exact prefix of the assistant's reply; samples continue it and do not repeat it."""
    n: int = 1
    temperature: float = 0.7
    top_p: float = 1.0
    output_format: OutputFormat = field(default_factory=OutputFormat)
    seed: int | None = None
    logprobs: bool = False
    """Whether to return the sum of token log-probabilities of each sample."""
    token_logprobs: int | None = None
    """With `logprobs`: whether to return each token too, and with how many of the likeliest at its place (0 to 20);
    None for no tokens."""
    tools: tuple[Tool, ...] = ()
    """Functions that the model may call; a sample that calls some ends with "tool_calls"."""
    tool_choice: str = "auto"
    """"auto", "none", "required" (at least one call), or the name of the tool that must be called."""
    scored: str = ""
    """A text to score instead of sampling: the only sample is this text with its log-probability as what follows the
    messages and the prefix, without the end of the reply. Needs `Capabilities.scores`; `n` is 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenLogprob:
    """A token of a sample, with its log-probability."""

    token: str
    logprob: float
    """Natural logarithm."""
    top: tuple[tuple[str, float], ...] = ()
    """The likeliest tokens at its place with their log-probabilities, the likeliest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One continuation."""

    text: str
    tokens: int
    finish: Literal["stop", "length", "budget", "error", "tool_calls"] = "stop"
    """"length": `max_tokens` cut it off; "budget": the run's budget allowed fewer tokens than that and they
    were all used; "tool_calls": it waits for the results of its calls; "error": this sample alone failed."""
    logprob: float | None = None
    """Sum of token log-probabilities (natural logarithm), if requested and available."""
    token_logprobs: tuple[TokenLogprob, ...] = ()
    """The tokens of the whole text, if requested; empty where the server gives none, or where the text is not just
    what the model wrote: cut at a stop text, apart from its reasoning, or read as tool calls."""
    error: str | None = None
    choices: Mapping[str, float] | None = None
    """With log-probabilities and `OutputFormat.choices`: the log-probability of each choice that is a single token
    and among the likeliest first tokens. Comparable with each other; whether they are renormalised over the
    choices depends on the engine."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Its tool calls, if tools were offered."""
    reasoning: str = ""
    """The model's reasoning before the answer, if the server or the model's own marks separate it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The answer to a SampleRequest."""

    samples: tuple[Sample, ...]
    """As many as requested; fewer if the run's budget allowed fewer."""
    usage: Usage
    """Usage of the call; `Usage.estimated` is 1 if the server did not count tokens."""
    notes: tuple[str, ...] = ()
    """The server's deviations from the request, one sentence each: another number of samples, a form of
    decoding that it ignored, more tokens than the limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """Capabilities of an engine; a request that needs more fails before any token is spent."""

    prefix: bool = False
    """Continues a partial assistant message exactly."""
    choices: bool = False
    regex: bool = False
    schema: bool = False
    logprobs: bool = False
    seed: bool = False
    pictures: bool = False
    """Accepts messages with pictures; whether a server's model supports them shows only in its reply."""
    tools: bool = False
    """Accepts tools and answers with tool calls; whether a server's model was trained for it is unknown."""
    excludes: bool = False
    """Decoding avoids `OutputFormat.excluded`."""
    scores: bool = False
    """Gives the log-probability of a given text (`SampleRequest.scored`)."""
    many: bool = False
    """Answers n > 1 in one request; without it the client sends n requests."""


class Model(Protocol):
    """A model backend. Safe to call from many tasks of one event loop concurrently."""

    @property
    def name(self) -> str:
        """Scheme and name, for example `embedded:smollm2-135m`; stored with every call, so without secrets."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """The engine's capabilities."""
        ...

    async def sample(self, request: SampleRequest) -> Reply:
        """Answer with exactly `request.n` samples.

        Raises:
            Unsupported: The request needs a capability that the engine lacks; nothing was sent.
            ModelError: The engine could not answer after its retries.
        """
        ...

    async def aclose(self) -> None:
        """Release connections, threads and memory; the model cannot be used afterwards."""
        ...


@runtime_checkable
class Checkable(Protocol):
    """A model behind a network, which may be out of reach."""

    async def check(self) -> None:
        """Make sure that the model can be reached; costs no token.

        Raises:
            ModelError: It cannot be reached or refuses us; says what to do.
        """
        ...


@runtime_checkable
class SelfDescribing(Protocol):
    """A model whose capabilities are known only after it was asked."""

    async def ask(self) -> None:
        """Fetch the capabilities, once; costs no token.

        Raises:
            ModelError: It cannot be reached or refuses us; says what to do.
        """
        ...


@runtime_checkable
class Limiting(Protocol):
    """A model that limits concurrency itself, over all runs."""

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Wait for a place among the calls in flight, and hold it."""
        ...


class Sampler(Protocol):
    """The interface through which agents call a model: `Model.sample` with the call's logical path as its key.

    A key names the work, never the moment (`r3/0.2/propose`), so that a resumed run finds the recorded reply.
    """

    @property
    def capabilities(self) -> Capabilities:
        """The underlying engine's capabilities."""
        ...

    async def __call__(self, key: str, request: SampleRequest) -> Reply:
        """Answer `request`, from the ledger if `key` was answered before."""
        ...
