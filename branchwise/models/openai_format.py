"""A message with pictures as OpenAI's format writes it: parts of text and of image, the image as a data URL."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from branchwise.models.protocol import Message
from branchwise.store.errors import ModelError
from branchwise.store.records import Json


def content(message: Message) -> Json:
    """The content of a chat message: its text, or parts where it has pictures; a picture comes before the text.

    Raises:
        ModelError: A picture's file cannot be read.
    """
    if not message.pictures:
        return message.content
    parts: list[Json] = [_part(file) for file in message.pictures]
    return [*parts, {"type": "text", "text": message.content}]


def _part(file: str) -> Json:
    try:
        data = b64encode(Path(file).read_bytes()).decode()
    except OSError as error:
        raise ModelError(f"The picture `{file}` cannot be read: {error.strerror}.") from error
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}
