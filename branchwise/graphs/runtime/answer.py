"""Answer the open questions of a waiting run, from any process."""

from __future__ import annotations

from branchwise.graphs.runtime.questions import (
    ANSWER,
    Question,
    answer_json,
    check_answer,
    waiting_json,
    waiting_of,
    wake_at,
)
from branchwise.graphs.runtime.resources import opened_store
from branchwise.graphs.runtime.spec import jsonable
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Json
from branchwise.store.rows import RunRecord, Status
from branchwise.store.store import Store


async def answer(
    run_id: str,
    value: object,
    *,
    key: str | None = None,
    by: str | None = None,
    store: str | Store | None = None,
) -> RunRecord:
    """Answer a question of a waiting run; the last answer returns a queued run to its queue.

    A run outside a queue must be resumed.

    Args:
        run_id: The run.
        value: The answer, plain data.
        key: The question's key, if the run has several.
        by: Name of the person who answers; by default the user and the machine.
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.

    Returns:
        The updated run.

    Raises:
        BadInput: The run has no open question, or the answer is not of the question's type; nothing was stored.
        UnknownName: It has no such question.
    """
    async with opened_store(store) as db:
        run = await db.run(run_id)
        if run.status is not Status.WAITING:
            raise BadInput(f"The run `{run.id}` is {run.status} and waits for no answer.")
        question = _chosen(run, key)
        said = jsonable(value, "The answer")
        check_answer(question, said)
        kept = answer_json(said, by)
        if question.run_id not in {"", run.id}:
            # A sub-run asks through its parent.
            await _keep(db, await db.run(question.run_id), question, kept)
        await _keep(db, run, question, kept)
        return await db.run(run.id)


def open_questions(run: RunRecord) -> tuple[Question, ...]:
    """The open questions of a run."""
    return waiting_of(run.result) if run.status is Status.WAITING else ()


def _chosen(run: RunRecord, key: str | None) -> Question:
    found = open_questions(run)
    if key is None:
        if len(found) == 1:
            return found[0]
        shown = ", ".join(f"`{one.key}`" for one in found)
        raise BadInput(f"The run waits for {len(found)} answers; say which question is answered: {shown}.")
    for one in found:
        if one.key == key:
            return one
    raise UnknownName("question", key, (one.key for one in found))


async def _keep(db: Store, run: RunRecord, question: Question, kept: Json) -> None:
    """Store an answer with the run that asked, and return the run to its queue once no question is open."""
    rest = tuple(one for one in open_questions(run) if one.key != question.key)
    lease = await db.claim(run.id)
    async with db.held(lease, then=Status.QUEUED if run.queue else Status.PAUSED):
        if question.run_id in {"", run.id}:
            await db.add_decision(lease, question.key, ANSWER, kept)
        if rest:
            await db.finish(lease, waiting_json(rest), status=Status.WAITING, wake=wake_at(rest))
