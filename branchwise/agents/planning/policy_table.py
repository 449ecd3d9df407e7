"""The policy table: strategies by difficulty and budget (Snell et al., arXiv 2408.03314)."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TypeAlias, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from branchwise.agents.planning.audit import Audit
from branchwise.agents.planning.difficulty import Difficulty
from branchwise.agents.planning.difficulty_map import DifficultyMap, Signal
from branchwise.statistics.beta import Beta
from branchwise.statistics.isotonic import Steps
from branchwise.store.errors import BadInput
from branchwise.store.records import Json

Knobs: TypeAlias = Mapping[str, int | float | str | bool]

EDGES = (0.02, 0.1, 0.3, 0.6, 0.9)
"""Default inner edges of the difficulty bins, in pass@1. Ours: measured success rates are U-shaped, so the
two end bins hold most instances and stay narrow."""
STRATEGY = r"^[a-z][a-z0-9_]*$"
"""Names of strategies that a table can hold. A strategy named by its module has none: reading a table
imports nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedStrategy:
    """One strategy worth trying, with its knobs."""

    strategy: str
    knobs: Knobs = field(default_factory=dict)
    prior: float = 0.5
    """Suitability in [0, 1] for the selector; the best choice of a row has the highest."""
    runs: int = 0
    """Number of whole runs that it was fitted on; 0 if it was fitted on recorded samples."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyRow:
    """The best choices of one cell of the table."""

    bin: int | None
    """Difficulty bin, 0 the hardest; None for instances whose difficulty has no basis."""
    tokens: int
    """Mean completion tokens per instance at which the row was fitted."""
    choices: tuple[RankedStrategy, ...]
    """Best first."""
    instances: int = 0
    """Number of labelled instances it was fitted on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyTable:
    """Difficulty bin x budget -> choices. The shipped table is empty.

    If `lookup` returns None the planner uses its documented default.
    """

    rows: tuple[PolicyRow, ...] = ()
    edges: tuple[float, ...] = EDGES
    """Rising inner edges of the difficulty bins, in pass@1."""
    source: Mapping[str, Json] = field(default_factory=dict)
    """Provenance of the fit: task, model, log hash, probes."""
    maps: tuple[DifficultyMap, ...] = ()
    """For `estimate`: the bins are those of difficulties estimated with these."""
    prior: Beta | None = None
    """For `estimate`, under a sound checker."""
    audit: Audit | None = None
    """The audit of the verifier that judged; None if a program did, or it is unknown."""

    def __post_init__(self) -> None:
        ends = (0.0, *self.edges, 1.0)
        if any(not a < b for a, b in itertools.pairwise(ends)):
            raise ValueError("The edges of a policy table rise strictly inside (0, 1).")

    def bin(self, pass_at_1: float) -> int:
        """The difficulty bin of a pass@1, 0 the hardest."""
        return sum(pass_at_1 > edge for edge in self.edges)

    def describe(self, bin_: int | None) -> str:
        """A bin in words: `pass@1 in (0.10, 0.30]`."""
        if bin_ is None:
            return "unknown"
        ends = (0.0, *self.edges, 1.0)
        return f"pass@1 in {'[' if bin_ == 0 else '('}{ends[bin_]:.2f}, {ends[bin_ + 1]:.2f}]"

    def lookup(
        self, difficulty: Difficulty, tokens_left: int | None = None
    ) -> tuple[RankedStrategy, ...] | None:
        """The choices for this instance, best first; None if no row applies.

        Of the rows of the instance's bin, the most expensive one within `tokens_left` applies; without a
        limit, the most expensive one. An instance of unknown difficulty uses the rows fitted for such
        instances.
        """
        wanted = None if difficulty.basis == "none" else self.bin(difficulty.pass_at_1)
        left = math.inf if tokens_left is None else tokens_left
        rows = [row for row in self.rows if row.bin == wanted and row.tokens <= left and row.choices]
        return max(rows, key=lambda row: row.tokens).choices if rows else None

    def dumps(self) -> str:
        """The table as JSON text."""
        rows = [
            {
                "bin": row.bin,
                "tokens": row.tokens,
                "instances": row.instances,
                "choices": [
                    {
                        "strategy": c.strategy,
                        "knobs": dict(c.knobs),
                        "prior": c.prior,
                        **({"runs": c.runs} if c.runs else {}),
                    }
                    for c in row.choices
                ],
            }
            for row in self.rows
        ]
        maps = [
            {"signal": m.signal, "edges": m.edges, "beliefs": [(beta.a, beta.b) for beta in m.beliefs]}
            for m in self.maps
        ]
        prior = (self.prior.a, self.prior.b) if self.prior is not None else None
        fitted = {"maps": maps, "prior": prior, "audit": None if self.audit is None else asdict(self.audit)}
        table = {"version": 1, "edges": self.edges, "source": dict(self.source), "rows": rows, **fitted}
        return json.dumps(table, indent=1, sort_keys=True, allow_nan=False)

    @classmethod
    def loads(cls, text: str) -> PolicyTable:
        """Read a table from JSON text.

        Raises:
            BadInput: The text is not a policy table of version 1.
        """
        try:
            read = _Table.model_validate_json(text)
            json.dumps(read.source, allow_nan=False)  # raises where a number is none
            return cls(
                edges=tuple(read.edges),
                source=cast("Mapping[str, Json]", read.source),
                rows=tuple(_row(row, len(read.edges)) for row in read.rows),
                maps=tuple(_map(one) for one in read.maps),
                prior=Beta(*read.prior) if read.prior is not None else None,
                audit=_audit(read.audit) if read.audit is not None else None,
            )
        except (ValidationError, ValueError) as error:
            raise BadInput(f"This is not a policy table: {error}") from error


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Choice(_Strict):
    strategy: str = Field(pattern=STRATEGY)
    knobs: dict[str, int | float | str | bool]
    prior: float = Field(ge=0, le=1)
    runs: int = Field(default=0, ge=0)


class _Row(_Strict):
    bin: int | None
    tokens: int = Field(gt=0)
    instances: int = Field(ge=0)
    choices: list[_Choice]


class _Map(_Strict):
    signal: Signal
    edges: list[float]
    beliefs: list[tuple[float, float]]


class _Steps(_Strict):
    edges: list[float]
    values: list[float]


class _Audit(_Strict):
    completeness: float = Field(ge=0, le=1)
    soundness: float = Field(ge=0, le=1)
    classes: list[tuple[float, float]]
    calibration: _Steps | None
    selected: list[tuple[int, _Steps]] = []
    labels: int = Field(ge=0)
    basis: str


class _Table(_Strict):
    version: int = Field(ge=1, le=1)
    edges: list[float]
    source: dict[str, JsonValue]
    rows: list[_Row]
    maps: list[_Map] = []
    prior: tuple[float, float] | None = None
    audit: _Audit | None = None


def _audit(one: _Audit) -> Audit:
    steps = one.calibration
    return Audit(
        completeness=one.completeness,
        soundness=one.soundness,
        classes=tuple(one.classes),
        calibration=Steps(edges=tuple(steps.edges), values=tuple(steps.values))
        if steps is not None
        else None,
        selected=tuple((n, Steps(edges=tuple(s.edges), values=tuple(s.values))) for n, s in one.selected),
        labels=one.labels,
        basis=one.basis,
    )


def _map(one: _Map) -> DifficultyMap:
    beliefs = tuple(Beta(a, b) for a, b in one.beliefs)
    return DifficultyMap(signal=one.signal, edges=tuple(one.edges), beliefs=beliefs)


def _row(row: _Row, edges: int) -> PolicyRow:
    if row.bin is not None and not 0 <= row.bin <= edges:
        raise ValueError(f"There is no difficulty bin {row.bin}.")
    choices = tuple(
        RankedStrategy(strategy=c.strategy, knobs=c.knobs, prior=c.prior, runs=c.runs) for c in row.choices
    )
    return PolicyRow(bin=row.bin, tokens=row.tokens, choices=choices, instances=row.instances)
