"""Output types of `Run.sample`: choices, a regular expression, a JSON schema, or a Python type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Literal, TypeVar, cast, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from branchwise.models.protocol import OutputFormat, Reply
from branchwise.store.errors import BadInput, ModelError

T = TypeVar("T")
Output = Any
"""A list or tuple of texts, a pattern, a JSON schema, an OutputFormat, or a type that pydantic knows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TypedReply(Reply, Generic[T]):
    """A reply with samples of a requested type."""

    adapter: TypeAdapter[T] | None = None

    @property
    def text(self) -> str:
        """The first sample's text."""
        return self.samples[0].text

    @property
    def value(self) -> T:
        """The first sample as the requested type; its text if none was requested.

        Raises:
            ModelError: It cannot be parsed, for example because `max_tokens` cut it off.
        """
        return self._read(self.samples[0].text)

    @property
    def values(self) -> tuple[T, ...]:
        """The samples that can be parsed."""
        found = []
        for sample in self.samples:
            try:
                found.append(self._read(sample.text))
            except ModelError:
                continue
        return tuple(found)

    def _read(self, text: str) -> T:
        if self.adapter is None:
            return text  # type: ignore[return-value]
        try:
            return self.adapter.validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            raise ModelError(
                f"The reply is not of the type that was asked for ({first['msg']}): {text[:200]!r}. "
                "Give it more `max_tokens`, or ask again."
            ) from error


def typed(  # noqa: PLR0911 - one for each form
    output: Output, max_tokens: int
) -> tuple[OutputFormat, TypeAdapter[Any] | None]:
    """The output format of a type, and the parser of its samples.

    Raises:
        BadInput: Decoding cannot be constrained to it.
    """
    if output is None:
        return OutputFormat(max_tokens=max_tokens), None
    if isinstance(output, OutputFormat):
        return output, None
    if isinstance(output, str | re.Pattern):
        pattern = output if isinstance(output, str) else output.pattern
        return OutputFormat(max_tokens=max_tokens, regex=str(pattern)), None
    if isinstance(output, Mapping):
        return OutputFormat(max_tokens=max_tokens, schema=output), None
    if isinstance(output, list | tuple):
        return OutputFormat(max_tokens=max_tokens, choices=_choices(output)), None
    if cast("Any", get_origin(output)) is Literal and all(isinstance(one, str) for one in get_args(output)):
        return OutputFormat(max_tokens=max_tokens, choices=_choices(get_args(output))), None
    adapter, schema = adapted(output)
    return OutputFormat(max_tokens=max_tokens, schema=schema), adapter


@lru_cache(maxsize=256)
def adapted(kind: Any) -> tuple[TypeAdapter[Any], Mapping[str, Any]]:
    """Pydantic's adapter of a type, and its JSON schema.

    Raises:
        BadInput: Pydantic knows no JSON schema of it.
    """
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        return adapter, adapter.json_schema()
    except (PydanticUserError, TypeError) as error:
        raise BadInput(
            f"`output` takes choices, a regular expression, a JSON schema or a type that pydantic knows, not {kind!r}."
        ) from error


def _choices(given: Any) -> tuple[str, ...]:
    if not given or not all(isinstance(one, str) and one for one in given):
        raise BadInput("`output` as a list names the choices: one text or more, none of them empty.")
    return tuple(given)
