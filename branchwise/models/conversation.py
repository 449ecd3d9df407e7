"""A problem that is a conversation: what was said before, and what is asked last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from branchwise.models.openai_format import read_message, write_messages
from branchwise.models.protocol import Message
from branchwise.store.errors import BadInput

Problem: TypeAlias = str | Sequence[Any]
"""A text, or messages: `Message` records or objects in OpenAI's form."""

_MOST: Final = 1_000
_CHARACTERS: Final = 400_000
_PICTURE: Final = 8 * 1024 * 1024
"""Characters of a picture's URL."""
_NAMES: Final = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """A conversation that waits for the assistant's next message."""

    messages: tuple[Message, ...]

    @property
    def before(self) -> tuple[Message, ...]:
        """All but the user's last message; all where something else was said last."""
        return self.messages[:-1] if self._asked else self.messages

    @property
    def question(self) -> str:
        """The user's last message; empty where something else was said last."""
        return self.messages[-1].content if self._asked else ""

    @property
    def pictures(self) -> tuple[str, ...]:
        """Those of the user's last message."""
        return self.messages[-1].pictures if self._asked else ()

    @property
    def _asked(self) -> bool:
        return self.messages[-1].role == "user"

    def put(self, text: str) -> tuple[Message, ...]:
        """The conversation with `text` in place of the user's last message, or after another's."""
        if not text and not self.pictures:
            return self.before
        return (*self.before, Message(role="user", content=text, pictures=self.pictures))

    def told(self) -> str:
        """The conversation in words, for those who judge what is said next."""
        if len(self.messages) == 1 and self._asked and not self.pictures:
            return self.question
        return "\n\n".join(map(_told, self.messages))


def read_problem(problem: Problem, system: str | None = None) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    """Read a problem.

    Args:
        problem: A text or messages.
        system: What the model is told before all else.

    Returns:
        The problem in words, and its messages in OpenAI's form; none where it is a text and nothing more.

    Raises:
        BadInput: It is neither, or a message cannot be used; says which and why.
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
    """Read the messages of a stored problem.

    Raises:
        BadInput: One cannot be used, or they end with something that needs no answer.
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
            raise BadInput(f"Message {number} is no object with a `role` and `content`.")


def _check_calls(messages: Sequence[Message]) -> None:
    """Refuse results of calls that nobody made: servers refuse them with less telling words."""
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
