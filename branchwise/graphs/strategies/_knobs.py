"""Knob types and their validation."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias, get_args, get_origin, get_type_hints

from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import finite


@dataclass(frozen=True, slots=True)
class Between:
    """The range of a number; both ends are included unless `open_low`."""

    low: float
    high: float = math.inf
    open_low: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.open_low else value >= self.low
        return above and value <= self.high and finite(value)

    def __str__(self) -> str:
        low = f"above {self.low:g}" if self.open_low else f"at least {self.low:g}"
        return low if self.high == math.inf else f"{low} and at most {self.high:g}"


Count: TypeAlias = Annotated[int, Between(1)]
"""A whole number of samples, nodes or steps, at least 1."""
Unit: TypeAlias = Annotated[float, Between(0, 1)]
"""A score or a probability in [0, 1]."""
Share: TypeAlias = Annotated[float, Between(0, 1, open_low=True)]
"""A part of a whole in (0, 1]."""
Positive: TypeAlias = Annotated[float, Between(0, open_low=True)]
"""A finite number above 0."""
Weight: TypeAlias = Annotated[float, Between(0)]
"""A finite number of at least 0."""
Texts: TypeAlias = tuple[str, ...]
"""One or more texts."""

_GIVEN_BY_THE_LOOP = frozenset({"tree", "budget", "seed"})


def defaults(strategy: Callable[..., object]) -> dict[str, object]:
    """The knobs of a strategy with their defaults."""
    return dict(_declared(strategy)[0])


def checked(name: str, strategy: Callable[..., object], knobs: Mapping[str, object]) -> dict[str, object]:
    """The validated knobs of `strategy`.

    Raises:
        UnknownName: The strategy has no such knob.
        BadInput: A value is of the wrong type or out of range.
    """
    known, types = _declared(strategy)
    fit: dict[str, object] = {}
    for knob, value in knobs.items():
        if knob not in known:
            raise UnknownName(f"knob of strategy `{name}` called", knob, known)
        wanted, good = _accept(types.get(knob, object), value)
        if not good:
            raise BadInput(f"The knob `{knob}` of strategy `{name}` must be {wanted}, not {value!r}.")
        fit[knob] = tuple(value) if isinstance(value, list) else value
    return fit


@lru_cache(maxsize=256)
def _declared(strategy: Callable[..., object]) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """The defaults and the types of a strategy's knobs; cached, since every round reads them."""
    try:
        parameters = inspect.signature(strategy).parameters.values()
        types = get_type_hints(strategy, include_extras=True)
    except (AttributeError, NameError, TypeError, ValueError) as error:
        raise BadInput(
            f"The parameters of the strategy {strategy!r:.200} cannot be read: {error}."
        ) from error
    return {p.name: p.default for p in parameters if p.name not in _GIVEN_BY_THE_LOOP}, types


def _accept(kind: object, value: object) -> tuple[str, bool]:
    """A description of the values of `kind`, and whether `value` is one."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        number = "a whole number" if args[0] is int else "a number"
        allowed = int if args[0] is int else (int, float)
        is_number = isinstance(value, allowed) and not isinstance(value, bool)
        return f"{number}, {args[1]}", is_number and value in args[1]
    if origin is Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in args), value in args
    if origin is tuple:
        texts = isinstance(value, (list, tuple)) and bool(value) and all(isinstance(v, str) for v in value)
        return "a list of one or more texts", texts
    if kind is bool:
        return "true or false", isinstance(value, bool)
    return "of the type that its strategy declares", not isinstance(kind, type) or isinstance(value, kind)
