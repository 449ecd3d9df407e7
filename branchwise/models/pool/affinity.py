"""Prefix-affinity routing: prompts as chains of hashed blocks, matched with replicas' caches."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

from branchwise.models.protocol import SampleRequest

BLOCK: Final = 64
"""Characters of a block: about 16 tokens, the unit of engines' prefix caches."""
_KEPT: Final = 65_536
"""Blocks remembered per replica: four million characters, the size of a medium key-value cache."""

_PRICE: Final = 0.125
"""Samples in flight that weigh as much as reading one block: 16 tokens read against 32 written, of which a token costs
four times as much (benchmarks/pool_placement.py)."""
_MOST: Final = 4.0

Chain = tuple[int, ...]
"""Hashes of a text's whole blocks; each covers the text up to the block's end."""


def prompt(request: SampleRequest) -> str:
    """The shareable prompt text, in the order in which an engine reads it."""
    said = "".join(f"\x02{m.role}\x03{m.content}" for m in request.messages)
    return f"{said}\x02assistant\x03{request.prefix}"


def chain(text: str, known: Chain = ()) -> Chain:
    """Hash a text block by block; texts share as many entries as whole blocks of their common prefix.

    Args:
        text: Text that an engine reads or has written.
        known: The chain of a prefix of `text`, which is not hashed again.
    """
    return known + tuple(_hashes(text, len(known), known[-1] if known else 0))


def _hashes(text: str, done: int, at: int) -> Iterator[int]:
    for start in range(done * BLOCK, len(text) - BLOCK + 1, BLOCK):
        at = hash((at, text[start : start + BLOCK]))
        yield at


class CachedBlocks:
    """The blocks that a replica has evaluated lately, as far as this process has sent them."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._blocks: OrderedDict[int, None] = OrderedDict()
        self._kept = kept

    def __len__(self) -> int:
        return len(self._blocks)

    def add(self, blocks: Iterable[int]) -> None:
        """Add blocks as most recently used; the least recently used ones are evicted."""
        for block in blocks:
            self._blocks[block] = None
            self._blocks.move_to_end(block)
        while len(self._blocks) > self._kept:
            self._blocks.popitem(last=False)

    def depth(self, blocks: Chain) -> int:
        """Number of leading blocks that are cached."""
        low, high = 0, len(blocks)
        while low < high:  # the cached blocks form a prefix: those after an evicted block were not used later
            middle = (low + high) // 2
            if blocks[middle] in self._blocks:
                low = middle + 1
            else:
                high = middle
        return low


def rank(name: str, text: str) -> bytes:
    """Rendezvous hashing (Thaler and Ravishankar 1996): of equal replicas that of lowest rank takes a text.

    It depends only on names, so that processes agree, and a removed replica moves only its own texts.
    """
    return hashlib.blake2b(f"{name}\0{text}".encode("utf-8", "replace"), digest_size=8).digest()


def price(missing: int) -> float:
    """How many more samples in flight a replica may have than another that would read `missing` blocks more.

    It is bounded: a prefix that many requests share is read once by every replica that would be idle otherwise.
    """
    return min(_MOST, missing * _PRICE)
