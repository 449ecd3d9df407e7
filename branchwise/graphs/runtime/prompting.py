"""What `Run.sample` is asked with: messages of several kinds, and how much to sample."""

from __future__ import annotations

from typing import Any

from branchwise.models.protocol import Message
from branchwise.store.errors import BadInput


def prompt_messages(prompt: Any, name: str) -> tuple[Message, ...]:
    """A prompt as messages: a text, or messages of branchwise, of LangChain, or in OpenAI's form.

    Raises:
        BadInput: It is none of these.
    """
    if isinstance(prompt, str):
        return (Message(role="user", content=prompt),)
    found = tuple(prompt) if isinstance(prompt, list | tuple) else (prompt,)
    if found and all(isinstance(one, Message) for one in found):
        return found
    from langchain_core.messages import convert_to_messages  # noqa: PLC0415 - LangChain is slow to import

    from branchwise.graphs.runtime.messages import to_messages  # noqa: PLC0415

    try:
        if not found or any(isinstance(one, str | Message) for one in found):
            raise ValueError("neither a text alone, nor messages")
        return to_messages(convert_to_messages(found))
    except (LookupError, NotImplementedError, TypeError, ValueError) as error:
        raise BadInput(
            f"The prompt of the call `{name}` is a text or messages, for example "
            f"[{{'role': 'user', 'content': '...'}}], not {prompt!r:.200}."
        ) from error


def check_sizes(name: str, **sizes: object) -> None:
    """Refuse numbers of samples and tokens that are no whole numbers from 1.

    Raises:
        BadInput: One is not.
    """
    for what, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise BadInput(f"`{what}` of the call `{name}` is a whole number from 1, not {size!r}.")
