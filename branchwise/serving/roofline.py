"""The roofline bound: the fastest that a model can be served on a device.

2402.16363 (LLM inference unveiled, section 2; LLM-Viewer). An operation takes the longer of moving its bytes and doing
its arithmetic. A layer's weights are read once a pass, whatever the batch: so until the batch reaches about
`peak/bandwidth * bytes of a weight / 2`, more samples are nearly free. Left out: communication between devices, the
time to start kernels, sampling, normalisation. No engine is faster than this; many are far slower.
"""

from __future__ import annotations

from dataclasses import dataclass

from branchwise.serving.architecture import BYTES, Architecture, full_name
from branchwise.serving.hardware import Device


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """Measurements of a model on a device."""

    shape: Architecture
    device: Device
    dtype: str = ""
    """In which numbers are multiplied; empty for the model's own."""
    weight_bits: int = 0
    """Bits of a stored weight, 4 for AWQ or GPTQ; 0 for the dtype's own."""
    devices: int = 1
    """Devices that share every layer (tensor parallel), ideally."""

    @property
    def kind(self) -> str:
        """The number type, by its full name."""
        return full_name(self.dtype or self.shape.dtype)

    @property
    def number(self) -> int:
        """Bytes of an activation and of a key or value."""
        return BYTES.get(self.kind, 2)

    @property
    def weight(self) -> float:
        """Bytes of a weight."""
        return self.weight_bits / 8 if self.weight_bits else float(self.number)

    @property
    def turning_batch(self) -> float:
        """The batch up to which reading weights, not arithmetic, takes the time of a linear layer."""
        return self.device.peak(self.kind) / self.device.bandwidth * self.weight / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """The lower bound on time for a batch of equal samples."""

    prefill_seconds: float
    """From the prompt's arrival to the first token; samples of one prompt read it once."""
    step_seconds: float
    """One token for every sample, at the mean length of the text so far."""
    seconds: float
    """The whole batch."""
    tokens_per_second: float
    """Tokens written a second, over all samples, prompts included in the time."""
    memory_bound: bool
    """Whether a step's time goes into moving bytes rather than arithmetic."""
    weight_bytes: float
    cache_bytes: float
    """Keys and values of all samples at their full length, the shared prompt once."""


def bound(setup: Setup, *, batch: int, prompt: int, tokens: int) -> Bound:
    """Compute the lower bound on the time to write `batch` samples of one prompt.

    Args:
        setup: The model and the device.
        batch: Samples written side by side, at least 1.
        prompt: Tokens of the prompt that they share, at least 1.
        tokens: Tokens of each sample, at least 1.
    """
    first = _passes(setup, rows=prompt, samples=1, context=(prompt + 1) / 2)
    step = _passes(setup, rows=batch, samples=batch, context=prompt + (tokens + 1) / 2)
    seconds = first.seconds + (tokens - 1) * step.seconds
    cached = setup.shape.layers * 2 * setup.shape.kv_heads * setup.shape.head_dim * setup.number
    return Bound(
        prefill_seconds=first.seconds,
        step_seconds=step.seconds,
        seconds=seconds,
        tokens_per_second=batch * tokens / seconds,
        memory_bound=step.moving >= step.counting,
        weight_bytes=setup.shape.parameters * setup.weight,
        cache_bytes=cached * (prompt + batch * tokens),
    )


@dataclass(frozen=True, slots=True)
class _Cost:
    """The time of one forward pass, and its memory-bound and compute-bound parts."""

    seconds: float = 0.0
    moving: float = 0.0
    counting: float = 0.0

    def __add__(self, other: _Cost) -> _Cost:
        return _Cost(self.seconds + other.seconds, self.moving + other.moving, self.counting + other.counting)

    def __mul__(self, times: int) -> _Cost:
        return _Cost(self.seconds * times, self.moving * times, self.counting * times)


def _passes(setup: Setup, *, rows: int, samples: int, context: float) -> _Cost:
    """A pass over `rows` new tokens of `samples` texts, each of which looks back at `context` tokens on average."""
    shape = setup.shape
    width, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    layer = _linear(setup, rows, shape.hidden, width + 2 * keys) + _linear(setup, rows, width, shape.hidden)
    layer += _attention(setup, rows, samples, context)
    layer += _feed_forward(setup, rows)
    return layer * shape.layers + _linear(setup, samples, shape.hidden, shape.vocabulary)


def _linear(setup: Setup, rows: float, inner: int, outer: int) -> _Cost:
    operations = 2.0 * inner * outer * rows
    moved = inner * outer * setup.weight + (inner + outer) * rows * setup.number
    return _cost(setup, operations, moved)


def _attention(setup: Setup, rows: int, samples: int, context: float) -> _Cost:
    shape = setup.shape
    operations = 4.0 * shape.heads * shape.head_dim * context * rows
    # A pass over a prompt reads each key once for all its rows; samples read their own.
    looked = context * samples if rows == samples else 2 * context
    moved = 2.0 * shape.kv_heads * shape.head_dim * looked * setup.number
    moved += 2.0 * shape.heads * shape.head_dim * rows * setup.number
    return _cost(setup, operations, moved)


def _feed_forward(setup: Setup, rows: int) -> _Cost:
    shape = setup.shape
    one = _linear(setup, rows, shape.hidden, 2 * shape.intermediate)
    one += _linear(setup, rows, shape.intermediate, shape.hidden)
    if not shape.experts:
        return one
    # Each token picks its experts; those that nobody picked are not read.
    picked = shape.experts * (1 - (1 - shape.active_experts / shape.experts) ** rows)
    operations = 2.0 * shape.feed_forward * shape.active_experts * rows
    moved = shape.feed_forward * picked * setup.weight
    moved += (2 * shape.hidden + 3 * shape.intermediate) * rows * shape.active_experts * setup.number
    return _cost(setup, operations, moved)


def _cost(setup: Setup, operations: float, moved: float) -> _Cost:
    counting = operations / (setup.device.peak(setup.kind) * setup.devices)
    moving = moved / (setup.device.bandwidth * setup.devices)
    return _Cost(max(counting, moving), moving, counting)
