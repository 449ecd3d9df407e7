"""What an agent may rely on: the typed request, the model that answers it, and the task it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypedDict, TypeVar

from branchwise.store.records import Constraints, Grain, Json, Usage, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str
    pictures: tuple[str, ...] = ()
    """JPEG files that go with the text; a file's name changes with its content, so that the name can stand for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
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

    @property
    def constrained(self) -> bool:
        """Whether the engine must steer decoding."""
        return bool(self.choices) or self.regex is not None or self.schema is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call: `n` independent continuations of the same prompt."""

    messages: tuple[Message, ...]
    prefix: str = ""
    """The exact beginning of the assistant's reply; samples continue it and do not repeat it."""
    n: int = 1
    temperature: float = 0.7
    top_p: float = 1.0
    shape: Shape = field(default_factory=Shape)
    seed: int | None = None
    logprobs: bool = False
    """Whether each sample shall carry the sum of its tokens' log-probabilities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One continuation."""

    text: str
    tokens: int
    finish: Literal["stop", "length", "error"] = "stop"
    """"length" when `max_tokens` cut it off; "error" when this sample alone failed."""
    logprob: float | None = None
    """Sum of token log-probabilities (natural logarithm), where asked for and available."""
    error: str | None = None
    choices: Mapping[str, float] | None = None
    """Where log-probabilities were asked for with `Shape.choices`: that of each choice that is a single token and
    among the likeliest, as the first token. Comparable with each other; whether decoding that is held to the
    choices has raised them all is the engine's way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The answer to a Request."""

    samples: tuple[Sample, ...]
    usage: Usage


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

    async def sample(self, request: Request) -> Reply:
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

    async def __call__(self, key: str, request: Request) -> Reply:
        """Answer `request`, from the ledger if `key` was answered before."""
        ...


@dataclass(frozen=True, kw_only=True)
class Task:
    """A domain: how its problems are put, cut into steps, answered and checked. One file builds one."""

    name: str
    about: str
    """One line for `branchwise tasks`."""
    instructions: str
    """How the generator is asked: a template with `{problem}` and `{constraints}`."""
    constraint_types: str = ""
    """Kinds of constraints to look for, for the constraint agent's prompt."""
    constraint_schema: Mapping[str, object] | None = None
    """JSON schema of the typed constraints; None where words are all there is."""
    validate: Callable[[str], None] = lambda problem: None
    """Raise BadInput when the text cannot be a problem of this task."""
    read_constraints: Callable[[str], Constraints | None] = lambda problem: None
    """Read the constraints by program, or None when the text is not in a known form."""
    type_constraints: Callable[[Json], Constraints | None] = lambda reply: None
    """Type a model's JSON reply to `constraint_schema`, or None when it makes no sense."""
    shape: Callable[[Constraints, str, Grain], Shape] = lambda constraints, text, grain: Shape()
    """The form of the next sample after `text`; `constraints` may steer it."""
    is_complete: Callable[[str], bool] = lambda text: False
    """Whether the text holds a whole solution. A sample of grain "solution" that ended by itself always does."""
    answer: Callable[[str], str | None] = lambda text: text.strip() or None
    """The normalised answer in a whole solution, or None when there is none."""
    check: Callable[[Constraints, str, bool], Verdict | None] | None = None
    """`check(constraints, text, complete)`: a sound verdict on a plan or, with complete=False, on its beginning.

    None where there is no program that can tell; the LLM verifier judges then.
    """
    blocking: bool = False
    """Whether `check` waits for other programs, so that it belongs in a thread of its own."""


_State = TypeVar("_State", contravariant=True)  # noqa: PLC0105
_Update = TypeVar("_Update", covariant=True)  # noqa: PLC0105


class Agent(Protocol[_State, _Update]):
    """A LangGraph node: typed state in, typed update out. All else that it needs its factory was given."""

    async def __call__(self, state: _State) -> _Update:
        """Do the agent's work once."""
        ...


class ProblemState(TypedDict):
    """What every agent's node reads from the graph's state."""

    problem: str
    path: str
    """Logical path of this piece of work within the run; the beginning of its ledger keys."""
