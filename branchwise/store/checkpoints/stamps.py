"""Random numbers that tell the versions of two forks apart."""

from __future__ import annotations

import os
import random

# An own generator: programs seed the module's, and os.urandom per value costs more than the write.
stamps = random.Random()  # noqa: S311 - no secret
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=stamps.seed)
