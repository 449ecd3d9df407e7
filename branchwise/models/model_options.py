"""User options of a model: limits, sampling, connection and price; stored with the run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field, fields, replace
from typing import Annotated, Any, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from branchwise.models.protocol import Capabilities, OutputFormat, Reply, Sampler, SampleRequest
from branchwise.store.errors import BadInput, UnknownName

Amount: TypeAlias = Annotated[float, Field(ge=0)]
Price: TypeAlias = tuple[Amount, Amount] | tuple[Amount, Amount, Amount]
"""US dollars for a million tokens read, written and, where it differs, read from the cache."""

AGENTS: Mapping[str, str] = {
    "constraints": "constraint",
    "propose": "generator",
    "verify": "verifier",
    "vote": "verifier",
    "prior": "selector",
    "act": "actor",
    "value": "value",
}
"""The last part of a call's key -> its agent. Reward models have no sampling options."""

GENERATOR = "generator"
"""The agent whose temperature is the run's, which strategies may set per sample; see `Options.temperature`."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,200}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_SECRET = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)
_OWN_BODY = frozenset({"model", "messages", "n", "stream"})
"""Fields set by the request itself; replacing them would change what the recorded reply answers."""
_CONNECTION = ("extra_body", "headers", "timeout", "api_key_env", "price")


@checked(frozen=True, kw_only=True, slots=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class ModelOptions:
    """User options of a model; fields at their defaults have no effect.

    Raises:
        BadInput: A value cannot be used.
    """

    max_tokens: Annotated[int, Field(gt=0, strict=True)] | None = None
    """Maximum completion tokens of one sample, reasoning included; constrained output keeps its own limit."""
    temperature: (
        Annotated[float, Field(ge=0, le=10)] | Mapping[str, Annotated[float, Field(ge=0, le=10)]] | None
    ) = None
    """One value for every agent, or one for each named agent (`AGENTS`)."""
    reasoning_effort: str | None = None
    """"low", "medium", "high" or another value the server accepts."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Extra fields of every request's body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of every request; without secrets, because they are stored with the run."""
    timeout: Annotated[float, Field(gt=0)] | None = None
    """Seconds for one call with all its retries."""
    api_key_env: str | None = None
    """The environment variable that holds the key."""
    price: Price | None = None
    """US dollars for a million tokens read, written and, where it differs, read from the cache."""

    def __post_init__(self) -> None:
        if self.temperature == {}:
            object.__setattr__(self, "temperature", None)
        known = sorted(set(AGENTS.values()))
        if isinstance(self.temperature, Mapping):
            for agent in self.temperature:
                if agent not in known:
                    raise UnknownName("agent", agent, known)
        if self.api_key_env is not None and not _VARIABLE.fullmatch(self.api_key_env):
            raise BadInput("`api_key_env` is the name of an environment variable, never the key itself.")
        for name, value in self.headers.items():
            _check_header(name, value)
        for name in _OWN_BODY & self.extra_body.keys():
            raise BadInput(f"`extra_body` cannot replace `{name}`, which the request sets itself.")

    def temperature_of(self, agent: str) -> float | None:
        """The temperature set for an agent, or None."""
        return self.temperature.get(agent) if isinstance(self.temperature, Mapping) else self.temperature

    @property
    def connection(self) -> dict[str, Any]:
        """The options for opening the model, without those at their defaults."""
        given = {name: getattr(self, name) for name in _CONNECTION if getattr(self, name) not in (None, {})}
        if self.reasoning_effort:
            given["extra_body"] = {"reasoning_effort": self.reasoning_effort, **self.extra_body}
        return given


def _check_header(name: str, value: str) -> None:
    if not _HEADER.fullmatch(name) or not value.isprintable():
        raise BadInput(f"The header `{name!r:.100}` has a name or a value that HTTP does not allow.")
    if _SECRET.search(name):
        raise BadInput(
            f"The header `{name}` seems to hold a secret, and would be stored with the run: put the key into an "
            "environment variable and name that with `api_key_env`."
        )


def merged(first: ModelOptions, second: ModelOptions) -> ModelOptions:
    """Merge options: the second overrides the first per field, and in tables per name."""
    changed: dict[str, Any] = {}
    for part in fields(ModelOptions):
        mine, theirs = getattr(first, part.name), getattr(second, part.name)
        if theirs in (None, {}):
            changed[part.name] = mine
        elif isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            changed[part.name] = {**mine, **theirs}
        else:
            changed[part.name] = theirs
    return ModelOptions(**changed)


def model_options(given: ModelOptions | Mapping[str, object] | None) -> ModelOptions:
    """Parse options given by a Python caller.

    Raises:
        BadInput: A name or value is invalid.
    """
    if isinstance(given, ModelOptions):
        return given
    known = {part.name for part in fields(ModelOptions)}
    for name in given or {}:
        if name not in known:
            raise UnknownName("option of a model", str(name), known)
    try:
        return _OPTIONS.validate_python(dict(given or {}))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadInput(f"The option `{place_of(first['loc'])}` of the model: {first['msg']}.") from error


def place_of(path: Iterable[int | str]) -> str:
    """The path of an invalid value in a table, without pydantic's names of the tried types."""
    return ".".join(str(part) for part in path if not re.search(r"\[|^constrained-", str(part)))


_OPTIONS = TypeAdapter(ModelOptions)


def tuned(sample: Sampler, options: ModelOptions) -> Sampler:
    """Apply user limits and temperatures to a sampler's requests; returns it unchanged if none are set."""
    if options.max_tokens is None and options.temperature is None:
        return sample
    return _Tuned(sample, options)


class _Tuned:
    """A sampler that changes requests before they are recorded, so that the ledger contains what was sent."""

    def __init__(self, sample: Sampler, options: ModelOptions) -> None:
        self._sample, self._options = sample, options

    @property
    def capabilities(self) -> Capabilities:
        """Capabilities of the wrapped sampler."""
        return self._sample.capabilities

    async def __call__(self, key: str, request: SampleRequest) -> Reply:
        """Answer the changed request."""
        options, agent = self._options, AGENTS.get(key.rpartition("/")[2])
        if agent is not None:
            warmth = None if agent == GENERATOR else options.temperature_of(agent)
            if warmth is not None:
                request = replace(request, temperature=warmth)
            request = replace(request, output_format=_longer(request.output_format, options.max_tokens))
        return await self._sample(key, request)


def _longer(form: OutputFormat, most: int | None) -> OutputFormat:
    """The format with another limit; constrained output is never shortened below its task's limit."""
    if most is None or form.choices:
        return form
    return replace(form, max_tokens=max(most, form.max_tokens) if form.constrained else most)
