"""An embedder for tests without a model: how often each letter occurs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from branchwise.tools.retrieval.embedders import unit


class Letters:
    """Counts letters; a rare one weighs more."""

    name = "letters"

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        weights = {letter: 9.0 if letter in "zjqxk" else 1.0 for letter in "abcdefghijklmnopqrstuvwxyz"}
        rows = [[text.lower().count(one) * weight for one, weight in weights.items()] for text in texts]
        return unit(np.array(rows, dtype=np.float32))
