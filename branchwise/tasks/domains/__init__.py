"""Domain code of the tasks: parsers, simulators, rules and data. The files here are not tasks."""

from __future__ import annotations
