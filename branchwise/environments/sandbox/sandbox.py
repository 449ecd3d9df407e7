"""Run an untrusted Python program in the sandbox."""

from __future__ import annotations

from branchwise.environments.sandbox.limits import Limits, ProgramOutcome, SandboxError
from branchwise.environments.sandbox.running import Job, run_jobs

__all__ = ["Limits", "ProgramOutcome", "SandboxError", "sandbox"]


def sandbox(program: str, *, limits: Limits | None = None) -> ProgramOutcome:
    """Run a Python program under bubblewrap, with a private empty folder, as nobody, within limits; blocks.

    It sees the interpreter and libraries and nothing else of the machine, has no network, sockets, user
    namespaces or keyrings, and everything that it started dies with it. It runs inside the interpreter that
    reports its end, so one written to that purpose can forge "finished": `examine` compares what it returns.

    Args:
        program: Source text; it can import the standard library only.
        limits: Its limits.

    Raises:
        SandboxError: Untrusted programs cannot be run here; it says what to install.
    """
    job = Job(order={"part": "program", "sources": [program]})
    run_jobs([job], limits or Limits())
    if job.outcome is None:
        raise SandboxError("The sandbox did not start.")
    return job.outcome
