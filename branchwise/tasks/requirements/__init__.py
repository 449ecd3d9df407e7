"""Requirements on a text that a program can check."""

from __future__ import annotations

from branchwise.tasks.requirements.protocol import Finding, Requirement
from branchwise.tasks.requirements.reading import modules, names, requirement, requirements
from branchwise.tasks.requirements.required import required

__all__ = ["Finding", "Requirement", "modules", "names", "required", "requirement", "requirements"]
