"""`branchwise pool estimate`: roofline bound of a model on a device, and measurements of an engine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from branchwise.cli import console
from branchwise.cli.console import Terminal
from branchwise.cli.exits import run
from branchwise.models.pool import registry as state
from branchwise.serving import measurements as kept
from branchwise.serving.architecture import read_architecture
from branchwise.serving.hardware import device, here
from branchwise.serving.idealised import Idealised, Timed, fit_idealised
from branchwise.serving.launch import find_python
from branchwise.serving.measure import Measured, equal_samples, measure
from branchwise.serving.roofline import Bound, Setup, bound
from branchwise.store.errors import BadInput, UnknownName


@dataclass(frozen=True, kw_only=True, slots=True)
class EstimateOptions:
    """Options of `pool estimate`."""

    model: str | None
    pool: str | None
    """A running pool to measure against the bound."""
    device: str
    """Empty: the device that the pool runs on."""
    dtype: str
    """Empty: the pool's, or else the model's."""
    weight_bits: int
    tensor_parallel: int
    batches: tuple[int, ...]
    prompt: int
    tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    batch: int
    bound: Bound
    measured: Measured | None


def estimate(question: EstimateOptions, *, as_json: bool) -> None:
    """Print the bound for each batch size and the pool's measured speed."""
    setup, lines, fit = run(_answered(question, console.err(quiet=as_json)))
    if as_json:
        print(json.dumps(_plain(setup, lines, fit)))
        return
    out = console.out()
    roofs = f"{setup.device.bandwidth / 1e9:,.0f} GB/s, {setup.device.peak(setup.kind) / 1e12:,.2f} Tflop/s"
    out.print(f"{setup.device.name} ({setup.device.source}): {roofs} in {setup.kind}", soft_wrap=True)
    out.print(
        f"weights {lines[0].bound.weight_bytes / 1e9:,.2f} GB; up to about {setup.turning_batch:,.0f} samples side by "
        "side they are read at the same cost",
        soft_wrap=True,
    )
    out.print(_table(lines))
    if fit is not None:
        out.print(
            f"idealised: {fit.call * 1e3:.1f} ms a call + {fit.prompt * 1e3:.3f} ms a new prompt token + "
            f"{fit.step * 1e3:.2f} ms a step + {fit.token * 1e3:.3f} ms a token written; median error "
            f"{fit.error:.0%} on {fit.calls} calls. Kept for reports.",
            soft_wrap=True,
        )


async def _answered(
    question: EstimateOptions, progress: Terminal
) -> tuple[Setup, list[_Line], Idealised | None]:
    pool = _pool(question.pool) if question.pool is not None else None
    setup = _setup(question, pool, progress)
    bounds = [
        bound(setup, batch=batch, prompt=question.prompt, tokens=question.tokens)
        for batch in question.batches
    ]
    if pool is None:
        pairs = zip(question.batches, bounds, strict=True)
        return setup, [_Line(batch=batch, bound=one, measured=None) for batch, one in pairs], None
    urls = state.running(pool.name)[:1]  # the bound is one engine's
    reached = []
    for batch in question.batches:
        progress.print(f"  measuring the pool, batch {batch}")
        reached.append(await _measured(urls, pool.served, batch, question))
    progress.print("  measuring calls of other shapes")
    fit = await _fitted(urls, pool, question, [call for one in reached for call in one.calls])
    lines = [
        _Line(batch=batch, bound=one, measured=real)
        for batch, one, real in zip(question.batches, bounds, reached, strict=True)
    ]
    return setup, lines, fit


def _setup(question: EstimateOptions, pool: state.PoolState | None, progress: Terminal) -> Setup:
    model = question.model or (pool.model if pool else None)
    if model is None:
        raise BadInput("Which model? Name its folder with --model, or a running pool.")
    shape = read_architecture(Path(model).expanduser())
    dtype = question.dtype or (pool.dtype if pool else "") or shape.dtype
    name = question.device or ("cuda" if pool and pool.cuda else "cpu")
    python: tuple[str, ...] = ()
    if name in {"cpu", "cuda"}:
        python = (find_python(),)
        progress.print(f"  measuring this machine's {name}")
    return Setup(
        shape=shape,
        device=device(name, dtype, python),
        dtype=dtype,
        weight_bits=question.weight_bits,
        devices=question.tensor_parallel,
    )


async def _measured(urls: Sequence[str], served: str, batch: int, question: EstimateOptions) -> Measured:
    salt = f"batch {batch}"  # otherwise the second batch finds its prompt in the cache
    body = equal_samples(batch=batch, prompt=question.prompt, tokens=question.tokens, salt=salt)
    return await measure(urls, served, [body], in_flight=1)


async def _fitted(
    urls: Sequence[str], pool: state.PoolState, question: EstimateOptions, calls: Sequence[Timed]
) -> Idealised:
    """Fit call times on the calls made so far and on calls of other sizes, one at a time on the engine."""
    prompt = question.prompt
    shapes = [(1, 8, 4), (1, 8, 16), (1, prompt, 2), (1, 2 * prompt, 2), (4, 8, 8), (16, 8, 8)]
    bodies = [
        equal_samples(batch=batch, prompt=prompt, tokens=tokens, salt=f"fit {number}")
        for number, (batch, prompt, tokens) in enumerate(shapes)
    ]
    more = await measure(urls, pool.served, bodies, in_flight=1)
    fit = fit_idealised([*calls, *more.calls])
    kept.keep(pool.served, here(cuda=pool.cuda), idealised=fit)
    return fit


def _pool(name: str) -> state.PoolState:
    found = state.read(name)
    if found is None or not state.alive(name):
        raise UnknownName("running pool", name, state.names())
    return found


def _table(lines: Sequence[_Line]) -> Table:
    columns = ["batch", "prefill", "a step", "all", "tokens/s", "bound by", "keys and values"]
    real = lines[0].measured is not None
    table = Table(*columns, *(["measured", "of the bound"] if real else []), box=None, pad_edge=False)
    for line in lines:
        one = line.bound
        cells = [
            str(line.batch),
            _seconds(one.prefill_seconds),
            _seconds(one.step_seconds),
            _seconds(one.seconds),
            f"{one.tokens_per_second:,.0f}",
            "memory" if one.memory_bound else "arithmetic",
            f"{one.cache_bytes / 1e9:,.2f} GB",
        ]
        if line.measured is not None:
            share = line.measured.tokens_per_second / one.tokens_per_second
            cells += [f"{line.measured.tokens_per_second:,.0f} tokens/s", f"{share:.0%}"]
        table.add_row(*cells)
    return table


def _seconds(value: float) -> str:
    return f"{value * 1e3:,.2f} ms" if value < 1 else f"{value:,.1f} s"


def _plain(setup: Setup, lines: Sequence[_Line], fit: Idealised | None) -> dict[str, Any]:
    rows = [
        {
            "batch": line.batch,
            "bound": asdict(line.bound),
            "measured_tokens_per_second": line.measured.tokens_per_second if line.measured else None,
        }
        for line in lines
    ]
    device = {**asdict(setup.device), "flops": dict(setup.device.flops)}
    return {"device": device, "dtype": setup.kind, "rows": rows, "idealised": asdict(fit) if fit else None}
