"""Problems given as conversations: the history and the last question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from branchwise.models.openai_format import read_message, write_messages
from branchwise.models.protocol import Message
from branchwise.store.errors import BadInput

Problem: TypeAlias = str | Sequence[Any]
"""A text, or messages: `Message` records or objects in OpenAI's format."""

_MOST: Final = 1_000
_CHARACTERS: Final = 400_000
_PICTURE: Final = 8 * 1024 * 1024
"""Maximum characters of a picture's URL."""
_NAMES: Final = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """A conversation whose next message is the assistant's."""

    messages: tuple[Message, ...]

    @property
    def before(self) -> tuple[Message, ...]:
        """All messages before a final user message; all messages if the last is not the user's."""
        return self.messages[:-1] if self._asked else self.messages

    @property
    def question(self) -> str:
        """The final user message; empty if the last message is not the user's."""
        return self.messages[-1].content if self._asked else ""

    @property
    def pictures(self) -> tuple[str, ...]:
        """The pictures of the final user message."""
        return self.messages[-1].pictures if self._asked else ()

    @property
    def _asked(self) -> bool:
        return self.messages[-1].role == "user"

    def put(self, text: str) -> tuple[Message, ...]:
        """The conversation with `text` replacing a final user message, or appended to another."""
        if not text and not self.pictures:
            return self.before
        return (*self.before, Message(role="user", content=text, pictures=self.pictures))

    def told(self) -> str:
        """The conversation as plain text, for verifiers of the next message."""
        if len(self.messages) == 1 and self._asked and not self.pictures:
            return self.question
        return "\n\n".join(map(_told, self.messages))


def read_problem(problem: Problem, system: str | None = None) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    """Parse a problem.

    Args:
        problem: A text or messages.
        system: The system message.

    Returns:
        The problem as text, and its messages in OpenAI's format; none if it is only a text.

    Raises:
        BadInput: It is neither a text nor messages, or a message is invalid; names it and says why.
    """
    if isinstance(problem, str) and system is None:
        return problem, ()
    said: list[Message] = [] if system is None else [Message(role="system", content=system)]
    if isinstance(problem, str):
        said.append(Message(role="user", content=problem))
    elif isinstance(problem, Mapping) or not isinstance(problem, Iterable):
        raise BadInput("A problem is a text or a list of messages, each with a `role` and `content`.")
    else:
        said += _read(problem)
    found = conversation(tuple(write_messages(said)))
    return found.told(), tuple(write_messages(found.messages))


def conversation(messages: Sequence[Mapping[str, Any]]) -> Conversation:
    """Parse the messages of a stored problem.

    Raises:
        BadInput: A message is invalid, or the last one does not need an answer.
    """
    if not messages or len(messages) > _MOST:
        raise BadInput(f"A conversation has 1 to {_MOST} messages.")
    found = Conversation(messages=tuple(_read(messages)))
    last = found.messages[-1]
    if last.role not in {"user", "tool"}:
        raise BadInput(
            f"The last message is the {last.role}'s: a conversation ends with the user's or a tool's."
        )
    if sum(len(message.content) for message in found.messages) > _CHARACTERS:
        raise BadInput(f"A conversation has {_CHARACTERS} characters at most.")
    if any(len(place) > _PICTURE for message in found.messages for place in message.pictures):
        raise BadInput(f"A picture has {_PICTURE >> 20} MiB at most.")
    _check_calls(found.messages)
    return found


def _read(messages: Iterable[Any]) -> Iterable[Message]:
    for number, message in enumerate(messages, 1):
        if isinstance(message, Message):
            yield message
        elif isinstance(message, Mapping):
            try:
                yield read_message(message)
            except BadInput as error:
                raise BadInput(f"Message {number}: {error}") from None
        else:
            raise BadInput(f"Message {number} is not an object with a `role` and `content`.")


def _check_calls(messages: Sequence[Message]) -> None:
    """Refuse results of unknown calls; servers' own errors for these are unclear."""
    made: set[str] = set()
    for number, message in enumerate(messages, 1):
        made.update(call.id for call in message.tool_calls)
        if message.tool_call_id is not None and message.tool_call_id not in made:
            raise BadInput(
                f"Message {number} answers the call `{message.tool_call_id[:60]}`, which nobody made."
            )


def _told(message: Message) -> str:
    called = [f"[calls {call.name}({call.arguments})]" for call in message.tool_calls]
    shown = ["[picture]"] * len(message.pictures)
    return f"{_NAMES[message.role]}: " + "\n".join(filter(None, [*shown, message.content, *called]))
