"""The tokens without which a search cannot draw its first sample."""

from __future__ import annotations

from branchwise.agents.asking import messages, question
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.search.request import input_of, task_of
from branchwise.models.estimate import at_most, texts_at_most
from branchwise.models.protocol import SampleRequest
from branchwise.models.sizing import FLOOR
from branchwise.store.records import Constraints

_CHAT = "chat"
_SEARCH = "solve"


def least_tokens(spec: RunSpec) -> int:
    """Tokens of the smallest first sample, by the estimates with which the run's own budget admits it.

    Args:
        spec: A run's request; one of another workflow than a search needs a single token, since its calls are not
            known before it runs.

    Raises:
        BadInput: Its input is not a search's.
    """
    if spec.workflow != _SEARCH:
        return 1
    request = input_of(spec)
    task = task_of(request)
    words = texts_at_most(task.instructions, request.problem)
    if request.task != _CHAT:
        # Its constraints are not known yet, and its answer may be one of a few short choices.
        return words + 1
    asked = messages(task, question(task, request.problem, Constraints()))
    turn = request.turn
    read = at_most(SampleRequest(messages=asked, tools=turn.tools if turn is not None else ()))
    most = turn.max_tokens if turn is not None else None
    return max(words, read) + min(FLOOR, most or FLOOR)
