"""Reward models behind vLLM's pooling and classification endpoints, or any scoring URL; batched.

A scorer is a Model whose one sample is a number between 0 and 1, so that scores are recorded, budgeted and
replayed like any other call.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, NonNegativeInt, ValidationError

from branchwise.models.base_url import parse
from branchwise.models.failures import Refused
from branchwise.models.protocol import Capabilities, Message, Reply, Sample, SampleRequest
from branchwise.models.scrub import scrub
from branchwise.models.transport import Transport
from branchwise.store.errors import BadInput, ModelError
from branchwise.store.records import Usage

_WINDOW: Final = 0.005
"""Seconds that the first conversation waits for others to join its batch."""
_BATCH: Final = 64
_LONGEST: Final = 64 * 1024 * 1024
"""Maximum bytes of a reply: there may be a row per token of the conversations."""
_VLLM: Final = frozenset({"classify", "pooling"})
_UNFIT: Final = frozenset({400, 413, 422})
"""Statuses with which a server refuses a whole batch for one conversation, for example for its length."""

Number = Annotated[float, Field(allow_inf_nan=False)]


class _Usage(BaseModel):
    prompt_tokens: NonNegativeInt = 0


class _Class(BaseModel):
    probs: list[Number]


class _Classes(BaseModel):
    data: list[_Class]
    usage: _Usage = _Usage()


class _Pooled(BaseModel):
    data: list[list[Number]] | list[Number]
    """Rows of its tokens or steps, or one for the whole conversation."""


class _Pools(BaseModel):
    data: list[_Pooled]
    usage: _Usage = _Usage()


class _Scores(BaseModel):
    scores: list[Number]
    usage: _Usage = _Usage()


class _Tokens(BaseModel):
    tokens: list[int]


@dataclass(slots=True)
class _Case:
    messages: tuple[Message, ...]
    done: asyncio.Future[tuple[float, int]]
    """Its score, and its share of the tokens."""

    def settle(self, score: float, tokens: int) -> None:
        if not self.done.done():
            self.done.set_result((score, tokens))

    def fail(self, why: ModelError) -> None:
        if not self.done.done():
            self.done.set_exception(why)


def scorer(
    url: str,
    *,
    api_key_env: str = "OPENAI_API_KEY",
    timeout: float = 300.0,
    retries: int = 4,
    stored: bool = False,
) -> Scorer:
    """Reach a reward model.

    The end of the URL selects the protocol. `/classify`: the probability of the last class. `/pooling`: the same; of
    rows, one a token or a step (a process-reward model), the last row's; of one number, a plain reward, its logistic.
    Anything else gets `{"model", "inputs": [[{"role", "content"}, …], …]}` and answers `{"scores": [0.7, …]}`.

    Args:
        url: For example `http://localhost:8001/classify`, with the model's name after `#` if needed.
        api_key_env: The environment variable that holds the key.
        timeout: Seconds for one request, retries included.
        retries: Number of retries after 429, 5xx or a lost connection.
        stored: Whether the URL comes from a database row: the key is then sent only if `keys` allows it.

    Raises:
        BadInput: The URL cannot be used.
    """
    where, _, model = url.partition("#")
    whole = parse(where, key=f"${api_key_env}")
    if not whole.name:
        raise BadInput("A scorer's URL includes the endpoint, for example `http://localhost:8001/classify`.")
    transport = Transport(
        str(whole.parent), api_key_env=api_key_env, timeout=timeout, retries=retries, stored=stored
    )
    return Scorer(where, model, whole.name, transport)


class Scorer:
    """The model that `scorer` makes."""

    capabilities = Capabilities()

    def __init__(self, url: str, model: str, path: str, transport: Transport) -> None:
        self.name = f"scorer:{url}" + (f"#{model}" if model else "")
        self._model = model
        self._path = path
        self._transport = transport
        self._waiting: list[_Case] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._templated = True
        self._plain = False

    async def sample(self, request: SampleRequest) -> Reply:
        """Score the conversation in `request.messages`, which ends with the message to judge.

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
        """Close the connections; scoring in progress is cancelled."""
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
            await self._ask(cases, await asyncio.gather(*(self._input(case.messages) for case in cases)))
        except ModelError as error:
            for case in cases:
                case.fail(error)
        except BaseException:
            for case in cases:
                case.fail(ModelError("It was closed."))
            raise

    async def _ask(self, cases: Sequence[_Case], inputs: Sequence[Any]) -> None:
        """Score a batch in one request; if a conversation does not fit, halve the batch, so that others are scored."""
        try:
            rows, tokens = await self._rows(inputs)
        except ModelError as error:
            if isinstance(error, Refused) and error.status in _UNFIT and len(cases) > 1:
                half = len(cases) // 2
                parts = slice(None, half), slice(half, None)
                await asyncio.gather(*(self._ask(cases[part], inputs[part]) for part in parts))
                return
            for case in cases:
                case.fail(error)
            return
        for number, (case, row) in enumerate(zip(cases, rows, strict=True)):
            share = tokens * (number + 1) // len(cases) - tokens * number // len(cases)
            try:
                case.settle(_score(self._path, row), share)
            except ModelError as error:
                case.fail(error)

    async def _rows(self, inputs: Sequence[Any]) -> tuple[list[list[float]], int]:
        """The entry of each conversation, and the number of tokens read."""
        if self._path != "pooling":
            return await self._asked(inputs)
        rows, tokens = await self._asked(inputs, plain=self._plain)
        if not self._plain and any(len(row) == 1 for row in rows):
            # Most vLLM heads apply the logistic themselves, some do not: request raw values.
            self._plain = True
            rows, again = await self._asked(inputs, plain=True)
            tokens += again
        return rows, tokens

    async def _asked(self, inputs: Sequence[Any], *, plain: bool = False) -> tuple[list[list[float]], int]:
        body: dict[str, Any] = {"model": self._model} if self._model else {}
        body |= {"input" if self._path in _VLLM else "inputs": inputs}
        if plain:
            body["use_activation"] = False
        rows, tokens = await self._transport.post(
            self._path, body, lambda received: _read(self._path, received), longest=_LONGEST
        )
        if len(rows) != len(inputs):
            raise ModelError(f"The scores cannot be read: there are {len(rows)} instead of {len(inputs)}.")
        return rows, tokens

    async def _input(self, talk: tuple[Message, ...]) -> list[dict[str, Any]] | list[int] | str:
        """The conversation in the server's input format.

        For vLLM as tokens in the model's own chat template; as plain text if the server has none.
        """
        messages = [{"role": message.role, "content": message.content} for message in talk]
        if self._path not in _VLLM:
            return messages
        if self._templated:
            body = {"messages": messages, "add_generation_prompt": False}
            try:
                asked = {"model": self._model, **body} if self._model else body
                return await self._transport.post("tokenize", asked, _tokens, longest=_LONGEST)
            except Refused as refusal:
                if refusal.status not in {400, 404, 405}:
                    raise
                self._templated = False
        return "\n\n".join(message.content for message in talk)


def _tokens(received: bytes) -> list[int]:
    try:
        return _Tokens.model_validate_json(received).tokens
    except ValidationError:
        raise ModelError("The server's `/tokenize` does not answer with tokens.") from None


def _read(path: str, received: bytes) -> tuple[list[list[float]], int]:
    try:
        return _rows(path, received)
    except ValidationError as error:
        reason = scrub(error.errors(include_input=False, include_url=False)[0]["msg"])
        raise ModelError(f"The scores cannot be read: {reason}") from None


def _rows(path: str, received: bytes) -> tuple[list[list[float]], int]:
    if path == "classify":
        classes = _Classes.model_validate_json(received)
        return [one.probs for one in classes.data], classes.usage.prompt_tokens
    if path == "pooling":
        pools = _Pools.model_validate_json(received)
        return [_last(one.data) for one in pools.data], pools.usage.prompt_tokens
    said = _Scores.model_validate_json(received)
    return [[score] for score in said.scores], said.usage.prompt_tokens


def _last(data: list[list[float]] | list[float]) -> list[float]:
    rows = [one for one in data if isinstance(one, list)]
    return rows[-1] if rows else [one for one in data if not isinstance(one, list)]


def _score(path: str, row: Sequence[float]) -> float:
    """The last number of a row, a probability; of a row of one number from `/pooling` the logistic."""
    if not row:
        raise ModelError(
            "The scores cannot be read: the row is empty; a process-reward model found no steps in the text."
        )
    value = row[-1]
    if path == "pooling" and len(row) == 1:
        return 1 / (1 + math.exp(-value)) if value > -700 else 0.0
    if not 0 <= value <= 1 + 1e-6:
        hint = ": ask `/pooling` for plain rewards" if path == "classify" else ""
        raise ModelError(f"The scores cannot be read: {json.dumps(value)} is no probability{hint}.")
    return min(1.0, value)
