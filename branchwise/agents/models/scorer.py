"""Reward models behind vLLM's pooling and classification endpoints, or any URL that scores: many at once.

A scorer is a Model whose one sample is a number between 0 and 1, so that scores are recorded, budgeted and
replayed like any other call.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, NonNegativeInt, ValidationError
from yarl import URL

from branchwise.agents.models.transport import Refused, Transport
from branchwise.agents.protocols import Capabilities, Message, Reply, Request, Sample
from branchwise.store.errors import BadInput, ModelError
from branchwise.store.records import Usage

_WINDOW: Final = 0.005
"""Seconds that the first conversation waits for others to share its request."""
_BATCH: Final = 64

Number = Annotated[float, Field(allow_inf_nan=False)]


class _Usage(BaseModel):
    prompt_tokens: NonNegativeInt = 0


class _Class(BaseModel):
    probs: Annotated[list[Number], Field(min_length=1)]


class _Classes(BaseModel):
    data: list[_Class]
    usage: _Usage = _Usage()


class _Pooled(BaseModel):
    data: Annotated[list[Number], Field(min_length=1)] | Annotated[list[list[Number]], Field(min_length=1)]


class _Pools(BaseModel):
    data: list[_Pooled]
    usage: _Usage = _Usage()


class _Scores(BaseModel):
    scores: list[Annotated[float, Field(ge=0, le=1)]]
    usage: _Usage = _Usage()


class _Tokens(BaseModel):
    tokens: list[int]


@dataclass(slots=True)
class _Case:
    messages: tuple[Message, ...]
    done: asyncio.Future[tuple[float, int]]


def scorer(
    url: str, *, api_key_env: str = "OPENAI_API_KEY", timeout: float = 300.0, retries: int = 4
) -> Scorer:
    """Reach a reward model.

    The end of the URL says what it speaks. `/classify`: the probability of the last class. `/pooling`: of rows of
    class probabilities, one a step (a process-reward model), the last row's last; of a plain reward, its logistic.
    Anything else gets `{"model", "inputs": [[{"role", "content"}, …], …]}` and answers `{"scores": [0.7, …]}`.

    Args:
        url: For example `http://localhost:8001/classify`, with the model's name after `#` where it is needed.
        api_key_env: The environment variable that holds the key.
        timeout: Seconds for one request with all its retries.
        retries: How often a request is sent again after 429, 5xx or a lost connection.

    Raises:
        BadInput: The URL cannot be used.
    """
    where, _, model = url.partition("#")
    whole = URL(where)
    if not whole.name:
        raise BadInput("A scorer's URL names what scores, for example `http://localhost:8001/classify`.")
    transport = Transport(str(whole.parent), api_key_env=api_key_env, timeout=timeout, retries=retries)
    return Scorer(where, model, whole.name, transport)


class Scorer:
    """The model that `scorer` makes."""

    capabilities = Capabilities()

    def __init__(self, url: str, model: str, path: str, transport: Transport) -> None:
        self.name = f"scorer:{url}" + (f"#{model}" if model else "")
        self._model, self._path, self._transport = model, path, transport
        self._waiting: list[_Case] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._templated = True

    async def sample(self, request: Request) -> Reply:
        """Score the conversation in `request.messages`, which ends with what is judged.

        Raises:
            ModelError: It could not be scored; says why.
        """
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        case = _Case(request.messages, loop.create_future())
        self._waiting.append(case)
        if len(self._waiting) == 1:
            loop.call_later(_WINDOW, self._flush)
        if len(self._waiting) >= _BATCH:
            self._flush()
        try:
            score, tokens = await case.done
        finally:
            if case in self._waiting:
                self._waiting.remove(case)
        usage = Usage(calls=1, prompt_tokens=tokens, seconds=time.monotonic() - began)
        return Reply(samples=(Sample(text=repr(score), tokens=0),), usage=usage)

    async def aclose(self) -> None:
        """Close the connections; what is being scored is broken off."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._transport.aclose()

    def _flush(self) -> None:
        cases, self._waiting = self._waiting, []
        if cases:
            task = asyncio.ensure_future(self._send(cases))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, cases: Sequence[_Case]) -> None:
        try:
            scores, tokens = await self._scored([case.messages for case in cases])
        except BaseException as error:
            for case in cases:
                if not case.done.done():
                    case.done.set_exception(
                        error if isinstance(error, ModelError) else ModelError("It was closed.")
                    )
            if not isinstance(error, ModelError):
                raise
            return
        for number, (case, score) in enumerate(zip(cases, scores, strict=True)):
            share = tokens * (number + 1) // len(cases) - tokens * number // len(cases)
            if not case.done.done():
                case.done.set_result((score, share))

    async def _scored(self, talks: Sequence[tuple[Message, ...]]) -> tuple[list[float], int]:
        if self._path not in {"classify", "pooling"}:
            inputs = [[asdict(message) for message in talk] for talk in talks]
            body: dict[str, Any] = {"inputs": inputs}
        else:
            body = {"input": await asyncio.gather(*(self._rendered(talk) for talk in talks))}
        received = await self._transport.post(
            self._path, {"model": self._model, **body} if self._model else body
        )
        try:
            scores, tokens = _read(self._path, received)
        except ValidationError as error:
            raise ModelError(
                f"The scores cannot be read: {error.errors(include_input=False, include_url=False)[0]['msg']}"
            ) from None
        if len(scores) != len(talks):
            raise ModelError(f"The scores cannot be read: there are {len(scores)} instead of {len(talks)}.")
        return scores, tokens

    async def _rendered(self, talk: tuple[Message, ...]) -> list[int] | str:
        """The conversation in the model's own chat template, as tokens; as plain text where the server has none."""
        if self._templated:
            messages = [asdict(message) for message in talk]
            body = {"messages": messages, "add_generation_prompt": False}
            try:
                received = await self._transport.post(
                    "tokenize", {"model": self._model, **body} if self._model else body
                )
                return _Tokens.model_validate_json(received).tokens
            except ValidationError:
                raise ModelError("The server's `/tokenize` does not answer with tokens.") from None
            except Refused as refusal:
                if refusal.status not in {400, 404, 405}:
                    raise
                self._templated = False
        return "\n\n".join(message.content for message in talk)


def _read(path: str, received: bytes) -> tuple[list[float], int]:
    if path == "classify":
        classes = _Classes.model_validate_json(received)
        return [_unit(one.probs[-1]) for one in classes.data], classes.usage.prompt_tokens
    if path == "pooling":
        pools = _Pools.model_validate_json(received)
        return [_pooled(one.data) for one in pools.data], pools.usage.prompt_tokens
    said = _Scores.model_validate_json(received)
    return said.scores, said.usage.prompt_tokens


def _pooled(data: Sequence[float] | Sequence[Sequence[float]]) -> float:
    last = data[-1]
    if isinstance(last, float | int):
        return _logistic(float(last))
    if not last:
        raise ModelError("The scores cannot be read: a row is empty.")
    return _unit(last[-1]) if len(last) > 1 else _logistic(last[0])


def _unit(value: float) -> float:
    if not 0 <= value <= 1 + 1e-6:
        raise ModelError(f"The scores cannot be read: {json.dumps(value)} is no probability.")
    return min(1.0, value)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0
