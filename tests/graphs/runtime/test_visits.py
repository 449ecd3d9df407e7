"""A task whose writes were stored before a crash is not run again, and its visit counts all the same."""

from __future__ import annotations

from typing import Any

import pytest

from branchwise.graphs.runtime import saver
from branchwise.graphs.runtime.run import resume, run
from branchwise.models.scripted import scripted
from branchwise.store.errors import StoreError
from branchwise.store.rows import CallState
from branchwise.store.store import Store

FLOWS = "tests.graphs.runtime.flows"


def write(request: Any, seed: int) -> str:
    return f"{request.messages[-1].content[:20]}!"


@pytest.mark.parametrize(
    ("flow", "step", "keys"),
    [
        ("fanned", 2, ("fuse/1/fuse", "fuse/2/fuse")),
        ("fanned", 3, ("fuse/1/fuse", "fuse/2/fuse")),
        ("nested", 1, ("sub/1/fuse/1/fuse", "sub/2/fuse/1/fuse")),
        ("looped", 1, ("sub/1/fuse/1/fuse", "sub/1/fuse/2/fuse")),
    ],
)
async def test_a_death_between_a_nodes_writes_and_its_checkpoint_shifts_no_visit(
    url: str, monkeypatch: pytest.MonkeyPatch, flow: str, step: int, keys: tuple[str, ...]
) -> None:
    put = saver.RunSaver.aput
    namespace = "sub" if flow == "looped" else ""

    async def dies(self: saver.RunSaver, config: Any, checkpoint: Any, metadata: Any, new: Any) -> Any:
        here = str(config["configurable"].get("checkpoint_ns", "")).partition(":")[0]
        if (here, metadata["step"]) == (namespace, step):
            raise StoreError("The process dies here.")
        return await put(self, config, checkpoint, metadata, new)

    given = {"question": "why", "parts": ["x"]}
    async with Store.opened(url) as store:
        calm = await run(f"{FLOWS}:{flow}", given, model=scripted(write), store=store)
        with monkeypatch.context() as patched:
            patched.setattr(saver.RunSaver, "aput", dies)
            with pytest.raises(StoreError):
                await run(f"{FLOWS}:{flow}", given, model=scripted(write), store=store, run_id="killed")
        ended = await resume("killed", store=store, model=scripted(write))
        assert ended.output == calm.output
        found = [{call.key: call.state for call in await store.calls(one)} for one in (calm.run_id, "killed")]
        assert found[0] == found[1]
        assert set(keys) <= set(found[1])
        assert set(found[1].values()) == {CallState.DONE}
