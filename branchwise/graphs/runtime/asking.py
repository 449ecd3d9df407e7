"""Questions of nodes: the run waits in the store for an answer or a timeout."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from langgraph.errors import GraphInterrupt
from langgraph.types import Interrupt

from branchwise.graphs.runtime.questions import ANSWER, QUESTION, Question, answer_json, answer_of, asked_at
from branchwise.graphs.runtime.services import RunServices
from branchwise.store.records import Json


async def answered(services: RunServices, asking: Question, until: tuple[float, Json] | None) -> Json:
    """The recorded answer to a question.

    Args:
        services: The run's.
        asking: The question.
        until: Seconds until the default answer applies, and that answer.

    Raises:
        GraphInterrupt: There is no answer yet; the run waits.
    """
    # Not LangGraph's `interrupt`, which matches answers to questions by their order within a node.
    journal, key = services.journal, asking.key
    if not journal.decided(key):
        kept = await journal.decide(
            f"{key}/question", QUESTION, {"question": asking.question, "at": time.time()}
        )
        if until is None:
            raise wait(services, asking)
        deadline = asked_at(kept) + until[0]
        if time.time() < deadline:
            timed = replace(asking, deadline=deadline)
            raise wait(services, timed)
        await journal.decide(key, ANSWER, answer_json(until[1], "timeout"))
    said: Json = answer_of(journal.decision(key))
    return said


def unknown_outcome(services: RunServices, key: str, asked: Mapping[str, Json]) -> Mapping[str, Json]:
    """A person's answer about an effect of unknown outcome.

    Raises:
        GraphInterrupt: There is no answer yet; the run waits.
    """
    attempts = services.ledger.attempts(key)
    question = Question(
        key=f"{key}/outcome.{attempts}",
        question={
            "unknown": key,
            **asked,
            "why": "the process ended, or the function failed, while this was under way",
            "answers": [{"done": "its result"}, {"again": True}],
        },
        schema={
            "anyOf": [
                {"type": "object", "required": ["done"]},
                {"type": "object", "required": ["again"], "properties": {"again": {"const": True}}},
            ]
        },
        run_id=services.run_id,
    )
    if not services.journal.decided(question.key):
        raise wait(services, question)
    said: Mapping[str, Json] = answer_of(services.journal.decision(question.key))
    return said


def wait(services: RunServices, question: Question) -> GraphInterrupt:
    """Register an open question; return the exception that ends the node's visit."""
    services.waiting[question.key] = question
    return GraphInterrupt((Interrupt(value={"question": question.key}, id=question.key[-200:]),))
