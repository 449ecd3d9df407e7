"""The typed request, and the protocol of a model that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from branchwise.store.records import Usage

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """A model's wish to have a function called."""

    id: str
    """What the message with the function's result refers to."""
    name: str
    arguments: str
    """A JSON object as the model wrote it; it may be broken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """A function that a model may ask to have called."""

    name: str
    description: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """A JSON schema of its arguments; without one it takes none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str
    """Text; empty where an assistant's message only calls tools."""
    pictures: tuple[str, ...] = ()
    """JPEG files that go with the text; a file's name changes with its content, so that the name can stand for it."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's message: the calls that it asks for."""
    tool_call_id: str | None = None
    """Of a tool's message: the call whose result it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputFormat:
    """The form a sample must take. At most one of `choices`, `regex` and `schema` is set."""

    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    """Texts that end the sample; they are not part of it."""
    choices: tuple[str, ...] = ()
    """The sample is one of these texts."""
    regex: str | None = None
    """The whole sample matches this (the common subset: literals, classes, groups, `|`, `?`, `*`, `+`, `{m,n}`)."""
    schema: Mapping[str, object] | None = None
    """The sample is JSON that this JSON schema admits."""
    excluded: tuple[str, ...] = ()
    """With `regex`: texts that the whole sample must not be; only for engines with `Capabilities.excludes`."""

    @property
    def constrained(self) -> bool:
        """Whether the engine must steer decoding."""
        return bool(self.choices) or self.regex is not None or self.schema is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleRequest:
    """One call: `n` independent continuations of the same prompt."""

    messages: tuple[Message, ...]
    prefix: str = ""
    """The exact beginning of the assistant's reply; samples continue it and do not repeat it."""
    n: int = 1
    temperature: float = 0.7
    top_p: float = 1.0
    output_format: OutputFormat = field(default_factory=OutputFormat)
    seed: int | None = None
    logprobs: bool = False
    """Whether each sample shall carry the sum of its tokens' log-probabilities."""
    tools: tuple[Tool, ...] = ()
    """Functions that the model may call; a sample that calls some ends with "tool_calls"."""
    tool_choice: str = "auto"
    """"auto", "none", "required" (at least one call), or the name of the tool that must be called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One continuation."""

    text: str
    tokens: int
    finish: Literal["stop", "length", "budget", "error", "tool_calls"] = "stop"
    """"length" when `max_tokens` cut it off; "budget" when the run's budget allowed fewer tokens than that and they
    were all used; "tool_calls" when it waits for the results of its calls; "error" when this sample alone failed."""
    logprob: float | None = None
    """Sum of token log-probabilities (natural logarithm), where asked for and available."""
    error: str | None = None
    choices: Mapping[str, float] | None = None
    """Where log-probabilities were asked for with `OutputFormat.choices`: that of each choice that is a single token
    and among the likeliest, as the first token. Comparable with each other; whether decoding that is held to the
    choices has raised them all is the engine's way."""
    tool_calls: tuple[ToolCall, ...] = ()
    """The calls that it asks for, where tools were offered."""
    reasoning: str = ""
    """What the model wrote before its answer, where the server or the model's own marks tell it apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The answer to a SampleRequest."""

    samples: tuple[Sample, ...]
    """As many as were asked for; fewer where a run's budget paid for fewer."""
    usage: Usage
    """What the call has cost; `Usage.estimated` is 1 where the server told no count of tokens."""
    notes: tuple[str, ...] = ()
    """What the server did otherwise than it was asked, one sentence each: another number of samples, a form of
    decoding that it left out, more tokens than the limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What an engine can do; a request that needs more fails before any token is spent."""

    prefix: bool = False
    """Continues a partial assistant message exactly."""
    choices: bool = False
    regex: bool = False
    schema: bool = False
    logprobs: bool = False
    seed: bool = False
    pictures: bool = False
    """Takes messages with pictures; whether the model behind a server sees them, that server says when it is asked."""
    tools: bool = False
    """Takes tools and answers with tool calls; whether the model behind a server was trained to, it shows."""
    excludes: bool = False
    """Decoding keeps clear of `OutputFormat.excluded`."""
    many: bool = False
    """Answers n > 1 in one request; without it the client sends n requests."""


class Model(Protocol):
    """A way to reach a model. Safe to call from many tasks of one event loop at once."""

    @property
    def name(self) -> str:
        """Scheme and name, for example `embedded:smollm2-135m`; stored with every call, so without secrets."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do."""
        ...

    async def sample(self, request: SampleRequest) -> Reply:
        """Answer with exactly `request.n` samples.

        Raises:
            Unsupported: The request needs a capability that the engine lacks; nothing was sent.
            ModelError: The engine could not answer after its retries.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections, threads and memory; the model cannot be used afterwards."""
        ...


class Sampler(Protocol):
    """How agents call a model: like `Model.sample`, with the call's logical path as its key.

    A key names the work, never the moment (`r3/0.2/propose`), so that a resumed run finds the recorded reply.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What the engine behind it can do."""
        ...

    async def __call__(self, key: str, request: SampleRequest) -> Reply:
        """Answer `request`, from the ledger if `key` was answered before."""
        ...
