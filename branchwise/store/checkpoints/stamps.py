"""Random numbers that tell the versions of two forks apart."""

from __future__ import annotations

import os
import random

# Not the module's generator, which programs seed; and asking the system for each takes longer than writing a version.
stamps = random.Random()  # noqa: S311 - no secret
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=stamps.seed)
