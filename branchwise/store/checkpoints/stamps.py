"""Random numbers that distinguish the channel versions of two forks."""

from __future__ import annotations

import os
import random

# A separate generator: programs seed the module's, and os.urandom per value is slower than the write.
stamps = random.Random()  # noqa: S311 - no secret
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=stamps.seed)
