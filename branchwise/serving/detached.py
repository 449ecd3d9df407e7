"""A supervisor in the background: `python -m branchwise.serving.detached NAME`, the profile as JSON on stdin."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from branchwise.models.pool import registry as state
from branchwise.serving.launch import launches
from branchwise.serving.profile import Profile
from branchwise.serving.supervisor import supervise
from branchwise.store.errors import BranchwiseError


def detach(name: str, profile: Profile) -> subprocess.Popen[bytes]:
    """Start a supervisor that outlives this process; `registry.read(name)` has its state.

    Raises:
        BadInput: A pool of that name runs already.
    """
    with state.holding(name):
        state.forget(name)
    log = os.open(supervisor_log(name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            (sys.executable, "-m", __name__, name),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)
    assert process.stdin is not None
    process.stdin.write(profile.model_dump_json().encode())
    process.stdin.close()
    return process


def supervisor_log(name: str) -> Path:
    """The log file of a supervisor that runs in the background."""
    return state.logs(name) / "supervisor.log"


def main() -> int:
    """Run the supervisor of the profile on standard input."""
    try:
        profile = Profile.model_validate_json(sys.stdin.buffer.read())
        asyncio.run(supervise(sys.argv[1], profile, launches(profile)))
    except BranchwiseError as error:
        print(error, file=sys.stderr)  # noqa: T201 - its log
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
