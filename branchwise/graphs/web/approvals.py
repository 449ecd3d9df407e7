"""Questions about irreversible actions: whether to do one, and whether one of unknown outcome was done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping

from branchwise.graphs.runtime import asking
from branchwise.graphs.runtime.questions import Question
from branchwise.graphs.runtime.services import RunServices
from branchwise.graphs.runtime.spec import jsonable
from branchwise.graphs.web.result import ApprovalRequest
from branchwise.store.json_text import to_json
from branchwise.store.records import Json, NodeId
from branchwise.store.redaction import Redaction

Ask = Callable[[ApprovalRequest], Awaitable[bool | None]]
"""Asks a person synchronously: yes, no, or None to let the run wait in the store."""


async def approved(services: RunServices, ask: Ask, question: ApprovalRequest) -> bool:
    """A person's word on an action; without one the run waits.

    Raises:
        GraphInterrupt: There is no answer yet.
    """
    said = await ask(question)
    if said is not None:
        return said
    # As it is stored, without secrets.
    shown = json.loads(Redaction().reply(to_json(jsonable(question, "The question"))))
    asked = Question(
        key=_approval(services, question.node, shown),
        question=shown,
        schema={"type": "boolean"},
        run_id=services.run_id,
    )
    return bool(await asking.answered(services, asked, None))


def _approval(services: RunServices, node: NodeId, question: Json) -> str:
    """The question's key. A fork has answers of its ancestor's, which hold for equal questions only."""
    key = f"approve/{node}"
    kept = services.journal.decision(f"{key}/question")
    if not isinstance(kept, Mapping) or kept.get("question") == question:
        return key
    return f"{key}/{hashlib.blake2b(to_json(question).encode(), digest_size=6).hexdigest()}"


def known_done(services: RunServices, key: str, asked: Mapping[str, Json]) -> bool:
    """A person's word on whether an action of unknown outcome was done.

    Raises:
        GraphInterrupt: There is no answer yet.
    """
    # Earlier versions recorded the start of an action as a decision.
    earlier = services.journal.decided(f"begun/{key.split('/')[1]}")
    if not services.ledger.unsettled(key) and not earlier:
        return False
    return "done" in asking.unknown_outcome(services, key, asked)
