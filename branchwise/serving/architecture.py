"""Model architectures, read from `config.json`: sizes that bound speed and constrain options."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from branchwise.store.errors import BadInput

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "float8_e4m3fn": 1, "int8": 1}
"""Bytes of one number."""
_SHORT = {"float": "float32", "half": "float16"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Architecture:
    """A decoder-only transformer."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    """Width of the feed-forward block (of one expert)."""
    vocabulary: int
    longest: int | None = None
    """The longest text it was made for, in tokens."""
    experts: int = 0
    """Experts a layer; 0 for a dense model."""
    active_experts: int = 1
    """Experts that a token passes through."""
    dtype: str = "bfloat16"

    @property
    def attention(self) -> int:
        """Weights of one layer's attention: queries, keys, values, output."""
        return self.hidden * self.head_dim * 2 * (self.heads + self.kv_heads)

    @property
    def feed_forward(self) -> int:
        """Weights of one layer's feed-forward block (of one expert), with its gate."""
        return 3 * self.hidden * self.intermediate

    @property
    def parameters(self) -> int:
        """All weights that a pass over a large batch reads, the output layer included."""
        block = self.attention + self.feed_forward * max(1, self.experts)
        return self.layers * block + self.hidden * self.vocabulary


def read_architecture(folder: Path) -> Architecture:
    """Read the shape of the model in `folder`.

    Raises:
        BadInput: There is no `config.json`, or it does not tell the shape of a decoder-only transformer.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"`{path}` cannot be read: {error.strerror}.") from None
    except ValueError:
        raise BadInput(f"`{path}` is no JSON.") from None
    config = config.get(
        "text_config", config
    )  # models that also see keep the language model's shape in there
    try:
        return _typed(config)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"`{path}` does not tell the shape of a decoder-only transformer: {error}.") from None


def full_name(dtype: str) -> str:
    """Write out vLLM's short names of number types."""
    return _SHORT.get(dtype, dtype)


def _typed(config: Mapping[str, Any]) -> Architecture:
    hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    experts = int(
        config.get("num_local_experts") or config.get("num_experts") or config.get("n_routed_experts") or 0
    )
    width = config.get("moe_intermediate_size") if experts else None
    longest = config.get("max_position_embeddings")
    return Architecture(
        layers=int(config["num_hidden_layers"]),
        hidden=hidden,
        heads=heads,
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head_dim=int(config.get("head_dim") or hidden // heads),
        intermediate=int(width or config["intermediate_size"]),
        vocabulary=int(config["vocab_size"]),
        longest=int(longest) if longest else None,
        experts=experts,
        active_experts=int(config.get("num_experts_per_tok") or 1),
        dtype=str(config.get("dtype") or config.get("torch_dtype") or "bfloat16"),
    )
