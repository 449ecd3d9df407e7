"""Print what vLLM's CPU wheel needs besides what is left out here, one requirement a line, for `pip install -r`.

The wheel asks for torchvision, torchaudio and torchcodec, which text models never import and which would bring another
torch; torch itself is installed before it, from wherever pip finds a CPU build.
"""

from __future__ import annotations

import sys
from importlib.metadata import requires

from packaging.requirements import Requirement

_LEFT_OUT = {"torch", "torchvision", "torchaudio", "torchcodec"}


def needed(distribution: str) -> list[str]:
    """What `distribution`, which is installed, needs on this platform."""
    found = [Requirement(line) for line in requires(distribution) or []]
    here = [r for r in found if r.marker is None or r.marker.evaluate({"extra": ""})]
    return [str(r) for r in here if r.name not in _LEFT_OUT]


if __name__ == "__main__":
    print("\n".join(needed(sys.argv[1])))
