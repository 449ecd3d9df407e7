"""What tasks know of their domains: readers, simulators, rules and data. No file here is a task."""

from __future__ import annotations
