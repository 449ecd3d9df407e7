"""Any OpenAI-compatible server, vLLM's extensions included."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from branchwise.models import hermes, prices
from branchwise.models.adapt import Adaptation
from branchwise.models.capabilities import COMMON, EVERYTHING
from branchwise.models.completion import parse, read
from branchwise.models.failures import Lost, Refused
from branchwise.models.fan_out import Several
from branchwise.models.limits import most_bytes
from branchwise.models.listing import Served, read_list
from branchwise.models.model_options import Price
from branchwise.models.protocol import Capabilities, Reply, SampleRequest
from branchwise.models.require import require
from branchwise.models.transport import Transport
from branchwise.models.wire import Dialect, write
from branchwise.store.errors import BadInput, ModelError

_CHECK_SECONDS: Final = 10.0
_PARSER: Final = "--tool-call-parser"
"""Words of vLLM's error if it was started without a tool parser."""
_LOG: Final = logging.getLogger("branchwise.models")


def endpoint(  # noqa: PLR0913 - servers differ in each of them
    name: str,
    *,
    base_url: str = "",
    api_key_env: str = "OPENAI_API_KEY",
    timeout: float = 300.0,
    retries: int = 4,
    dialect: Literal["auto", "openai", "vllm"] = "auto",
    price: Price | None = None,
    extra_body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    stored: bool = False,
) -> Endpoint:
    """Reach a model on an OpenAI-compatible server.

    A server that refuses or ignores n > 1 gets n requests from then on; a refused parameter is sent
    under its other name or left out (`models/adapt.py`). A prefix needs vLLM: its chat template must not trim messages,
    or white space at the end of a prefix is lost.

    Args:
        name: The model's name on that server.
        base_url: Where its API begins, for example `http://localhost:8000/v1`.
        api_key_env: The environment variable that holds the key.
        timeout: Seconds for one call, retries included.
        retries: Number of retries after 429, 5xx or a lost connection.
        dialect: The server's dialect; "auto" queries it, and until then assumes "openai".
        price: US dollars for a million tokens read, written and, where it differs, read from the cache.
        extra_body: Fields of every request's body; they replace those of the same name.
        headers: Headers of every request.
        stored: Whether `base_url` comes from a database row: the key is then sent only if `keys` allows it.

    Raises:
        BadInput: The URL cannot be used.
    """
    base_url = base_url or os.environ.get("OPENAI_BASE_URL", "")
    if not base_url:
        raise BadInput(
            f"The model `openai-compatible:{name}` needs the address of its server: --base-url URL, for example "
            "http://localhost:8000/v1, or $OPENAI_BASE_URL."
        )
    transport = Transport(
        base_url, api_key_env=api_key_env, timeout=timeout, retries=retries, stored=stored, headers=headers
    )
    return Endpoint(name, transport, None if dialect == "auto" else dialect, price, extra_body or {})


class Endpoint:
    """The model that `endpoint` makes."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        dialect: Dialect | None,
        price: Price | None = None,
        extra_body: Mapping[str, Any] | None = None,
    ) -> None:
        self._model = name
        self._transport = transport
        self._dialect = dialect
        self._price = price
        self._extra = dict(extra_body or {})
        self._adaptation = Adaptation(f"`{transport.base}`")
        self._several = Several(self._once)
        self._probing = asyncio.Lock()
        self._tools_as_text = False
        """Whether the server has shown that it does not parse tool calls."""
        self._counts = True
        """Whether the server has counted tokens so far."""

    @property
    def name(self) -> str:
        """Scheme and name; without a given name, that of the only model the server serves."""
        return f"openai-compatible:{self._model}"

    @property
    def price(self) -> prices.Price | None:
        """The price: as stated, or OpenAI's own if litellm is installed; None if unknown."""
        if self._price is None and self._transport.base.host == "api.openai.com":
            return prices.listed(self._model)
        return prices.stated(self._price)

    @property
    def known(self) -> bool:
        """Whether the server has been queried."""
        return self._dialect is not None and bool(self._model)

    @property
    def capabilities(self) -> Capabilities:
        """The server's capabilities, as far as known."""
        can = EVERYTHING if self._dialect == "vllm" else COMMON
        return can if self._several.many else replace(can, many=False)

    async def check(self) -> None:
        """Query the server's list of models; costs no tokens.

        Raises:
            ModelError: It cannot be reached, refuses the key or does not serve the model; says what to do.
        """
        where = f"`{self._transport.base}`"
        try:
            served = await self._list()
        except Refused as refusal:
            if refusal.status in {401, 403}:
                raise ModelError(self._unauthorised(refusal)) from None
            if refusal.status in {404, 405}:
                await self._knock(where)
                return
            raise ModelError(f"The server at {where} is not ready: {refusal}") from None
        except Lost as error:
            raise ModelError(f"{error} Start the server, or correct the base URL.") from None
        if self._dialect == "vllm" and self._model not in {model.id for model in served}:
            names = ", ".join(f"`{model.id}`" for model in served)
            raise ModelError(f"The server at {where} does not serve `{self._model}`; it serves {names}.")

    async def ask(self) -> None:
        """Run `check` unless the server has been queried."""
        async with self._probing:
            if not self.known:
                await self.check()

    async def sample(self, request: SampleRequest) -> Reply:
        """Answer with exactly `request.n` samples; see `Model.sample`."""
        if not self.known:
            await self._probe()
        require(self, request)
        if not request.tools or not self._tools_as_text:
            try:
                return await self._several(request)
            except Refused as refusal:
                if not request.tools or self._dialect != "vllm" or _PARSER not in refusal.reason:
                    raise
            self._tools_as_text = True
            _LOG.warning(
                "The server at `%s` has no parser of tool calls: tools are text.", self._transport.base
            )
        return hermes.read(await self._several(hermes.plain(request)), request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _once(self, request: SampleRequest) -> Reply:
        began = time.monotonic()
        reply = await self._adapted(
            self._body(request), request, lambda body: read(body, request, time.monotonic() - began)
        )
        if reply.usage.estimated and self._counts:
            self._counts = False
            _LOG.warning("The server at `%s` counts no tokens: they are estimated.", self._transport.base)
        price = self.price
        if price is None:
            return replace(reply, usage=replace(reply.usage, unpriced=1))
        return replace(reply, usage=replace(reply.usage, cost=price.of(reply.usage)))

    def _body(self, request: SampleRequest) -> dict[str, Any]:
        # OpenAI's own newer models refuse the name that most others know.
        limit = "max_completion_tokens" if self._transport.base.host == "api.openai.com" else "max_tokens"
        written = write(request, self._dialect or "openai")
        longest = 1 if request.scored else request.output_format.max_tokens
        return {"model": self._model, **written, limit: longest, **self._extra}

    async def _adapted(
        self, body: Mapping[str, Any], request: SampleRequest, read_: Callable[[bytes], Reply]
    ) -> Reply:
        """Send a request; repeat it while the server names another parameter to leave out."""
        longest = most_bytes(request)
        while True:
            sent = self._adaptation.apply(body)
            try:
                return await self._transport.post("chat/completions", sent, read_, longest=longest)
            except Refused as refusal:
                # Another request in flight may have learnt it in the meantime.
                if self._adaptation.apply(body) == sent and not self._adaptation.learn(refusal, sent):
                    raise

    async def _probe(self) -> None:
        async with self._probing:
            if not self.known:
                try:
                    await self._list()
                except Lost:
                    return  # a later call will report the error
                except ModelError:
                    if not self._model:
                        raise
                    self._dialect = self._dialect or "openai"

    async def _list(self) -> tuple[Served, ...]:
        where = self._transport.base
        received = await self._transport.once("GET", "models", None, _CHECK_SECONDS)
        try:
            served = read_list(parse(received))
        except ModelError:
            served = None
        if served is None:
            raise ModelError(f"What answers at `{where}` lists no models. Correct the base URL.")
        if self._dialect is None:
            self._dialect = "vllm" if any(model.owner == "vllm" for model in served) else "openai"
        if not self._model:
            names = ", ".join(f"`{model.id}`" for model in served[:20]) or "none"
            if len(served) != 1:
                raise ModelError(f"The server at `{where}` serves {names}: name one of them.")
            self._model = served[0].id
        return served

    async def _knock(self, where: str) -> None:
        """Distinguish a server without a model list from a wrong URL, by a request that is refused before any work."""
        try:
            await self._transport.once("POST", "chat/completions", {}, _CHECK_SECONDS)
        except Refused as refusal:
            if refusal.status in {404, 405}:
                raise ModelError(
                    f"There is no OpenAI-compatible API at {where}: such URLs mostly end in `/v1`."
                ) from None
            if refusal.status in {401, 403}:
                raise ModelError(self._unauthorised(refusal)) from None
        self._dialect = self._dialect or "openai"

    def _unauthorised(self, refusal: Refused) -> str:
        said = f" {refusal.reason}" if "was not sent" in refusal.reason else ""
        return f"The server at `{self._transport.base}` refuses the key: set ${self._transport.api_key_env}.{said}"
