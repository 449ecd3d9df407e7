"""Settings of a user or a project: one file, `branchwise.toml`, for all commands.

settings = settings.load()
result = await branchwise.solve(problem, **settings.model("fast").arguments)
"""

from __future__ import annotations

from branchwise.settings.lookup import FILE, files, load, user_file
from branchwise.settings.schema import ModelSettings, Settings

__all__ = ["FILE", "ModelSettings", "Settings", "files", "load", "user_file"]
