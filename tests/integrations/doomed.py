"""A search that is killed when its n-th request reaches the model: python -m tests.integrations.doomed URL RUN N."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from branchwise import solve
from branchwise.graphs.runtime.run import resume
from branchwise.models.protocol import Sample, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.store import Store

_RECORDED = 1.0
"""Seconds within which the replies before are recorded."""
PROBLEM = "What is 17 times 3?"


def write(request: SampleRequest, seed: int) -> str | Sample:
    """A solution by its seed; a verifier gives it a score."""
    if request.temperature == 0.0 or '"Score: "' in request.messages[-1].content:
        return f"It will do.\nScore: {seed % 7 * 10}"
    return f"Work number {seed}.\n\nAnswer: {seed}"


class Doomed:
    """The scripted model; the process is killed when its n-th request arrives."""

    def __init__(self, die_at: int) -> None:
        self._model = scripted(write)
        self._left = die_at
        self.name, self.capabilities, self.price = (
            self._model.name,
            self._model.capabilities,
            self._model.price,
        )

    async def sample(self, request: SampleRequest) -> object:
        """Answer, or die."""
        self._left -= 1
        if self._left == 0:
            # A reply that is not recorded yet would be asked for again, and told again.
            await asyncio.sleep(_RECORDED)
            os.kill(os.getpid(), signal.SIGKILL)
        return await self._model.sample(request)

    async def aclose(self) -> None:
        """Nothing to release."""


def endless() -> object:
    """The scripted model, which nothing kills."""
    return scripted(write)


async def search(url: str, run_id: str, model: object, *, again: bool = False) -> None:
    """Best of eight, or what is left of it."""
    async with Store.opened(url) as store:
        if again:
            await resume(run_id, store=store, model=model)  # type: ignore[arg-type]
            return
        await solve(
            PROBLEM,
            strategy="best_of_n",
            knobs={"n": 8},
            model=model,  # type: ignore[arg-type]
            budget=100_000,
            store=store,
            run_id=run_id,
        )


def traced(path: str) -> None:
    """Write each live span to a file as soon as it ends."""
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - in one of the tests only
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor  # noqa: PLC0415

    from branchwise.integrations.opentelemetry.live import instrument  # noqa: PLC0415

    provider, file = TracerProvider(), Path(path).open("w", encoding="utf-8")  # noqa: SIM115 - until it is killed
    exporter = ConsoleSpanExporter(out=file, formatter=lambda span: f"{span.to_json(indent=None)}\n")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrument(provider)


if __name__ == "__main__":
    if "SPANS" in os.environ:
        traced(os.environ["SPANS"])
    asyncio.run(search(sys.argv[1], sys.argv[2], Doomed(int(sys.argv[3]))))
