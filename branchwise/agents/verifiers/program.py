"""The program verifier: its acceptance is proof if the constraints are known by program."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from branchwise.agents.verifiers.protocol import Verifier, VerifierState, VerifierUpdate
from branchwise.store.errors import BranchwiseError, CheckFailed
from branchwise.store.foreign import failed
from branchwise.store.records import Verdict, VerifiedBy
from branchwise.tasks.task import Task


def program(task: Task) -> Verifier:
    """Make a verifier of the task's checker. It calls no model.

    A check against constraints that a model extracted is only as reliable as that model: its verdict is
    verified by "model", not by "program".
    """
    check = task.check
    if check is None:
        raise ValueError(f"The task `{task.name}` has no checker.")

    async def program_node(state: VerifierState) -> VerifierUpdate:
        what = (state["constraints"], state["plan"], state["complete"])
        try:
            verdict = await asyncio.to_thread(check, *what) if task.blocking else check(*what)
        except CheckFailed as error:
            raise CheckFailed(f"{error} This was on node {state.get('node') or 'unknown'}.") from error
        except BranchwiseError:
            raise
        except Exception as error:
            what_failed = f"The checker of the task `{task.name}`"
            raise failed(what_failed, error, node=state.get("node", "")) from error
        if not isinstance(verdict, Verdict | None):
            node = state.get("node") or "unknown"
            what_failed = f"The checker of the task `{task.name}` gave {verdict!r:.100} on node {node}"
            raise CheckFailed(f"{what_failed}; it must give a Verdict or None.")
        if verdict is None:
            # A beginning that cannot be judged is not refuted: it may still lead to a solution.
            open_ = not state["complete"]
            verdict = Verdict(
                score=None, accepted=open_, feedback="", verified_by=VerifiedBy.NONE, verifier="program"
            )
        elif state["constraints"].source == "model" and verdict.verified_by is VerifiedBy.PROGRAM:
            verdict = replace(verdict, verified_by=VerifiedBy.MODEL)
        return {"verdict": verdict}

    return program_node
