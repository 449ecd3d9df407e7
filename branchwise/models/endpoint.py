"""Any OpenAI-compatible server, vLLM's extensions included."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ValidationError

from branchwise.models.capabilities import COMMON, EVERYTHING
from branchwise.models.fan_out import fan_out
from branchwise.models.protocol import Capabilities, Reply, SampleRequest
from branchwise.models.require import require
from branchwise.models.transport import Lost, Refused, Transport
from branchwise.models.wire import Dialect, read, write
from branchwise.store.errors import BadInput, ModelError

_CHECK_SECONDS = 10.0


def endpoint(
    name: str,
    *,
    base_url: str = "",
    api_key_env: str = "OPENAI_API_KEY",
    timeout: float = 300.0,
    retries: int = 4,
    dialect: Literal["auto", "openai", "vllm"] = "auto",
    price: tuple[float, float] = (0.0, 0.0),
) -> Endpoint:
    """Reach a model on an OpenAI-compatible server.

    A server that refuses or ignores n > 1 gets n requests instead, from then on. A prefix needs vLLM: its chat
    template must not trim messages, or white space at the end of a prefix is lost.

    Args:
        name: The model's name on that server.
        base_url: Where its API begins, for example `http://localhost:8000/v1`.
        api_key_env: The environment variable that holds the key.
        timeout: Seconds for one call with all its retries.
        retries: How often a call is sent again after 429, 5xx or a lost connection.
        dialect: What the server understands; "auto" asks it, and until then claims no more than "openai".
        price: US dollars for a million tokens read and written.

    Raises:
        BadInput: The URL cannot be used.
    """
    if not base_url:
        raise BadInput("An OpenAI-compatible model needs a base URL, for example `http://localhost:8000/v1`.")
    transport = Transport(base_url, api_key_env=api_key_env, timeout=timeout, retries=retries)
    return Endpoint(name, transport, None if dialect == "auto" else dialect, price)


class _Served(BaseModel):
    id: str
    owned_by: str = ""


class _Models(BaseModel):
    data: tuple[_Served, ...]


class Endpoint:
    """The model that `endpoint` makes."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        dialect: Dialect | None,
        price: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self._model, self._transport, self._dialect, self._price = name, transport, dialect, price
        self._many: bool | None = None
        self._probing = asyncio.Lock()

    @property
    def name(self) -> str:
        """Scheme and name; without a name of its own, that of the one model which the server serves."""
        return f"openai-compatible:{self._model}"

    @property
    def known(self) -> bool:
        """Whether the server has said what it is."""
        return self._dialect is not None and bool(self._model)

    @property
    def capabilities(self) -> Capabilities:
        """What the server can do, as far as it has told."""
        can = EVERYTHING if self._dialect == "vllm" else COMMON
        return can if self._many is not False else replace(can, many=False)

    async def check(self) -> None:
        """Ask the server which models it serves, which costs no token.

        Raises:
            ModelError: It cannot be reached, refuses the key or does not serve the model; says what to do.
        """
        where = f"`{self._transport.base}`"
        try:
            served = await self._list()
        except Refused as refusal:
            if refusal.status in {401, 403}:
                raise ModelError(
                    f"The server at {where} refuses the key: set ${self._transport.api_key_env}."
                ) from None
            if refusal.status in {404, 405}:
                await self._knock(where)
                return
            raise ModelError(f"The server at {where} is not ready: {refusal}") from None
        except ModelError as error:
            raise ModelError(f"{error} Start the server, or correct the base URL.") from None
        if self._dialect == "vllm" and self._model not in {model.id for model in served.data}:
            names = ", ".join(f"`{model.id}`" for model in served.data)
            raise ModelError(f"The server at {where} does not serve `{self._model}`; it serves {names}.")

    async def ask(self) -> None:
        """Do what `check` does unless the server has said what it is."""
        async with self._probing:
            if not self.known:
                await self.check()

    async def sample(self, request: SampleRequest) -> Reply:
        """Answer with exactly `request.n` samples; see `Model.sample`."""
        if not self.known:
            await self._probe()
        require(self, request)
        if request.n == 1:
            return await self._once(request)
        if self._many is False:
            return await fan_out(request, self._once)
        try:
            reply = await self._once(request)
        except Refused as refusal:
            if self._many or refusal.status not in {400, 422}:
                raise
            # Either n or the request itself is refused: one sample will show.
            reply = await self._once(replace(request, n=1))
        have = len(reply.samples)
        self._many = have == request.n
        if self._many:
            return reply
        if have != 1:
            raise ModelError(f"The reply cannot be read: it holds {have} samples instead of {request.n}.")
        rest = await fan_out(request, self._once, start=1)
        return Reply(samples=reply.samples + rest.samples, usage=reply.usage + rest.usage)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _once(self, request: SampleRequest) -> Reply:
        began = time.monotonic()
        # OpenAI's own newer models refuse the name that everybody else knows.
        limit = "max_completion_tokens" if self._transport.base.host == "api.openai.com" else "max_tokens"
        body = {
            "model": self._model,
            **write(request, self._dialect or "openai"),
            limit: request.output_format.max_tokens,
        }
        received = await self._transport.post("chat/completions", body)
        reply = read(received, request, time.monotonic() - began)
        if request.n == 1 and len(reply.samples) != 1:
            raise ModelError(f"The reply cannot be read: it holds {len(reply.samples)} samples instead of 1.")
        usage, (in_price, out_price) = reply.usage, self._price
        if not in_price and not out_price:
            return reply
        cost = (usage.prompt_tokens * in_price + usage.completion_tokens * out_price) / 1e6
        return replace(reply, usage=replace(usage, cost=cost))

    async def _probe(self) -> None:
        async with self._probing:
            if not self.known:
                try:
                    await self._list()
                except Lost:
                    return  # what it is, a later call will find out
                except ModelError:
                    if not self._model:
                        raise
                    self._dialect = self._dialect or "openai"

    async def _list(self) -> _Models:
        received = await self._transport.once("GET", "models", None, _CHECK_SECONDS)
        try:
            served = _Models.model_validate_json(received)
        except ValidationError:
            raise ModelError(f"What answers at `{self._transport.base}` lists no models.") from None
        if self._dialect is None:
            self._dialect = "vllm" if any(model.owned_by == "vllm" for model in served.data) else "openai"
        if not self._model:
            names = ", ".join(f"`{model.id}`" for model in served.data) or "none"
            if len(served.data) != 1:
                raise ModelError(f"The server at `{self._transport.base}` serves {names}: name one of them.")
            self._model = served.data[0].id
        return served

    async def _knock(self, where: str) -> None:
        """Tell a server that lists no models from a wrong URL by a request that is refused before any work."""
        try:
            await self._transport.once("POST", "chat/completions", {}, _CHECK_SECONDS)
        except Refused as refusal:
            if refusal.status in {404, 405}:
                raise ModelError(
                    f"There is no OpenAI-compatible API at {where}: such URLs mostly end in `/v1`."
                ) from None
        self._dialect = self._dialect or "openai"
