"""The generator's messages: the task's instructions, within the conversation if the problem is one."""

from __future__ import annotations

from branchwise.agents.prompts import fill
from branchwise.models.protocol import Message
from branchwise.store.records import Constraints
from branchwise.tasks.task import Task


def question(task: Task, problem: str, constraints: Constraints) -> str:
    """The task's instructions about a problem; for a conversation, about its last question."""
    asked = problem if task.conversation is None else task.conversation.question
    return fill(task.instructions, problem=asked, constraints=bullets(constraints))


def messages(task: Task, text: str) -> tuple[Message, ...]:
    """The messages that put `text` to the model."""
    if task.conversation is None:
        return (Message(role="user", content=text),)
    return task.conversation.put(text)


def bullets(constraints: Constraints) -> str:
    """The constraints as a list for a prompt."""
    return "\n".join(f"- {item}" for item in constraints.items)
