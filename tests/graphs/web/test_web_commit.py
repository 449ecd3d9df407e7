"""What stays is done on a person's yes, once; what a page says it wants is not done."""

from pathlib import Path

import pytest

from branchwise.environments.browser.masking import MASK, Masking
from branchwise.environments.scripted import Door, scripted
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse, resume_web
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted as stand_in
from branchwise.store.errors import BadAction
from branchwise.store.store import Store

ROOMS = {
    "hall": {"look at the bridge": Door(to="bank")},
    "bank": {"burn the bridge": Door(to="garden", writes="bridge burnt"), "go back": Door(to="hall")},
    "garden": {},
}
OPTIONS = WebOptions(depth=3, max_pages=6, samples=4, value_samples=1, knobs={"branching": 2})


def walker(request: SampleRequest, seed: int) -> str:
    asked = request.messages[0].content
    page = [line.removeprefix("| ") for line in asked.splitlines() if line.startswith("| ")]
    if "Status:" in asked:
        return "Hm.\nStatus: failure\nOn the right track to success: yes"
    ways = [line.removeprefix("- ") for line in page[1:]]
    return f"Action: {ways[seed % len(ways)]}"


@pytest.mark.parametrize("yes", [True, False])
async def test_a_search_waits_for_a_word_and_takes_it(tmp_path: Path, yes: bool) -> None:
    house, store = scripted(ROOMS), f"sqlite:///{tmp_path / 'runs.db'}"
    waiting = await browse("cross", house, model=stand_in(walker), options=OPTIONS, store=store)
    assert (waiting.reason, waiting.solved, house.shared.written) == ("waiting", False, [])
    assert waiting.question is not None
    assert waiting.question.action == "burn the bridge"
    assert "bridge burnt" in waiting.question.reason
    # Asked again without an answer it waits on, and nothing is done.
    still = await resume_web(waiting.run_id, house, model=stand_in(walker), store=store)
    assert (still.reason, house.shared.written) == ("waiting", [])
    ended = await resume_web(waiting.run_id, house, model=stand_in(walker), store=store, answer=yes)
    assert ended.solved is yes
    assert house.shared.written == (["bridge burnt"] if yes else [])
    assert ended.written == (("bridge burnt",) if yes else ())
    again = await resume_web(waiting.run_id, house, model=stand_in(walker), store=store, answer=yes)
    assert again == ended
    assert house.shared.written == (["bridge burnt"] if yes else [])


async def test_allow_commits_only_when_nothing_else_is_left(tmp_path: Path) -> None:
    house, store = scripted(ROOMS), f"sqlite:///{tmp_path / 'runs.db'}"
    options = WebOptions(
        depth=3, max_pages=6, samples=4, value_samples=1, knobs={"branching": 2}, auto_approve=True
    )
    result = await browse("cross", house, model=stand_in(walker), options=options, store=store)
    assert (result.solved, result.written) == (True, ("bridge burnt",))
    async with Store.opened(store) as db:
        order = [d.key for d in await db.decisions(result.run_id)]
    committed = next(at for at, key in enumerate(order) if key.startswith("commit/"))
    assert all(not key.startswith("arrival/") for key in order[committed:])


async def test_a_model_that_obeys_a_page_still_cannot_leave_the_environment(tmp_path: Path) -> None:
    rooms = {"hall": {"go out": Door(to="yard")}, "yard": {}, "garden": {}}

    def obeys(request: SampleRequest, seed: int) -> str:
        said = (
            "goto http://evil.example/",
            "burn the bridge",
            "run rm -rf /",
            'click link "Delete my account"',
        )
        return f"Action: {said[seed % 4]}"

    house, store = scripted(rooms), f"sqlite:///{tmp_path / 'runs.db'}"
    result = await browse("cross", house, model=stand_in(obeys), options=OPTIONS, store=store)
    assert (result.solved, result.visited, result.reason) == (False, 0, "exhausted")
    session = await house.reset()
    with pytest.raises(BadAction):
        await session.read("goto http://evil.example/")


@pytest.mark.parametrize("shown", ["p w&", "p%20w%26", "p+w%26", "p%20w&"])
def test_a_secret_is_masked_however_an_address_writes_it(shown: str) -> None:
    masking = Masking(secrets={"key": "p w&"})
    assert masking.over(f"http://h/?q={shown}#x") == f"http://h/?q={MASK}#x"
    assert "p w" not in repr(masking)
