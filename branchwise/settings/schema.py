"""The schema of `branchwise.toml`: unknown names and wrong types are refused."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from yarl import URL

from branchwise.models.model_options import ModelOptions, Price, merged, model_options
from branchwise.store.errors import BadInput
from branchwise.tools.corpora import Corpus
from branchwise.tools.servers import McpServer

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
DEFAULT_MODEL = "embedded"
_LOCAL = ("localhost", "127.0.0.1", "::1")

Text = Annotated[str, Field(min_length=1, max_length=2_000)]


class ModelSettings(BaseModel):
    """A model with its options under a user-chosen name: `[models.NAME]`."""

    model_config = _STRICT

    use: Text
    """The model itself, as `--model` takes it: `openai-compatible:gpt-4o`."""
    base_url: Text | None = None
    """Where its API begins."""
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    temperature: float | Mapping[str, float] | None = None
    """One value for all agents, or a table with one for each agent: `{ generator = 1.0, verifier = 0.0 }`."""
    reasoning_effort: Text | None = None
    extra_body: Mapping[str, Any] = Field(default_factory=dict)
    """Fields added unchanged to the body of every request."""
    headers: Mapping[str, str] = Field(default_factory=dict)
    timeout: Annotated[float, Field(gt=0)] | None = None
    """Seconds for one call, retries included."""
    api_key_env: Text | None = None
    """The name of the environment variable that holds the key; never the key itself."""
    price: Price | None = None
    """US dollars for a million tokens read, written and, where it differs, read from the cache."""


class Settings(BaseModel):
    """All settings. Later files extend earlier ones and replace entries of the same name."""

    model_config = _STRICT

    store: Text | None = None
    """Database URL or path of a SQLite file."""
    default_model: Text | None = Field(default=None, alias="model")
    """The default model: a name of `models`, or as `--model` takes it."""
    models: Mapping[str, ModelSettings] = Field(default_factory=dict)
    prices: Mapping[str, Price] = Field(default_factory=dict)
    """Prices by model, as `--model` takes it."""
    keys: Mapping[str, tuple[Text, ...]] = Field(default_factory=dict)
    """Environment variable of a key -> hosts that may receive it; a model of the user's own file that names a key
    and a base URL adds its host."""

    tools: Mapping[str, McpServer] = Field(default_factory=dict)
    """MCP servers, whose tools are named `mcp:NAME`."""
    corpora: Mapping[str, Corpus] = Field(default_factory=dict)
    """Corpora, whose tools are named `corpus:NAME`."""

    _folder: frozenset[str] = PrivateAttr(default=frozenset())
    """Models of the working folder's file: their servers get a key only if the user's own file allows it."""

    def of_folder(self, names: Iterable[str]) -> Settings:
        """Mark the models `names` as coming from the working folder's file."""
        self._folder = frozenset(names)
        return self

    def model(
        self,
        name: str | None = None,
        *,
        base_url: str | None = None,
        options: ModelOptions | None = None,
    ) -> ChosenModel:
        """Resolve a model name with its options.

        Args:
            name: A name of `models`, or a model as `--model` takes it; None for the default.
            base_url: Overrides the one in the settings.
            options: Override those in the settings, one by one.
        """
        name = name or self.default_model or DEFAULT_MODEL
        entry = self.models.get(name)
        if entry is not None and name in self._folder and base_url is None:
            self._refuse_leak(name, entry)
        own = ModelOptions() if entry is None else _options(entry)
        spec = name if entry is None else entry.use
        if own.price is None and spec in self.prices:
            own = merged(own, ModelOptions(price=self.prices[spec]))
        return ChosenModel(
            spec=spec,
            base_url=base_url or (entry.base_url if entry else None),
            options=merged(own, options or ModelOptions()),
        )

    def _refuse_leak(self, name: str, entry: ModelSettings) -> None:
        variable = entry.api_key_env or "OPENAI_API_KEY"
        host = host_of(entry.base_url) if entry.base_url else None
        if host is None or host in {*_LOCAL, *self.hosts(variable)} or not os.environ.get(variable):
            return
        raise BadInput(
            f"The model `{name}` of this folder's settings would send the key in ${variable} to `{host}`. If you trust "
            f'it, write [keys] {variable} = ["{host}"] into your own file, or give --base-url {entry.base_url}.'
        )

    def hosts(self, variable: str = "OPENAI_API_KEY") -> frozenset[str]:
        """The hosts that may receive the key in an environment variable."""
        return frozenset(self.keys.get(variable, ()))


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenModel:
    """A resolved model with its options."""

    spec: str
    """As `branchwise.models.load` takes it."""
    base_url: str | None = None
    options: ModelOptions = field(default_factory=ModelOptions)

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `branchwise.solve` and `submit`."""
        return {"model": self.spec, "base_url": self.base_url, "model_options": self.options}


def host_of(url: str) -> str | None:
    """The host of a URL.

    Raises:
        BadInput: The URL cannot be read.
    """
    try:
        return URL(url).host
    except ValueError as error:
        raise BadInput(f"The base URL `{url:.200}` cannot be read: {error}.") from error


def _options(entry: ModelSettings) -> ModelOptions:
    given = entry.model_dump(exclude={"use", "base_url"}, exclude_unset=True)
    return model_options(given)
