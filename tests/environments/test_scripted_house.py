"""The house of rooms: what the environment contract promises, and what a write does to a path."""

import pytest

from branchwise.environments.protocol import Action, Effect, Environment, Snapshot
from branchwise.environments.restore import PathStep, Restored, restore_path
from branchwise.environments.scripted import Door, scripted
from branchwise.store.errors import ActionRefused, BadAction, BadInput, EnvironmentFailed


async def walk(environment: Environment, *lines: str) -> tuple[str, list[PathStep], Snapshot | None]:
    session = await environment.reset()
    start = (await session.observe()).fingerprint
    path = []
    for line in lines:
        outcome = await session.act(await session.read(line), allow=True)
        path.append(
            PathStep(
                action=Action(text=line), fingerprint=outcome.observation.fingerprint, effect=outcome.effect
            )
        )
    kept = await session.snapshot()
    await session.aclose()
    return start, path, kept


async def test_three_steps_lead_to_the_goal() -> None:
    session = await scripted().reset()
    for line in ("go to kitchen", "go to balcony"):
        assert (await session.act(Action(text=line))).observation.reward == 0
    seen = (await session.act(Action(text="jump"))).observation
    assert seen.ended
    assert seen.reward == 1


async def test_a_write_needs_to_be_allowed_and_then_shows_in_other_sessions() -> None:
    house = scripted()
    one, other = await house.reset(), await house.reset()
    await one.act(Action(text="go to kitchen"))
    before = (await other.observe()).fingerprint
    burn = await one.read("burn the letter")
    assert burn.effect is Effect.IRREVERSIBLE
    with pytest.raises(ActionRefused, match="letter burnt"):
        await one.act(burn)
    assert (await other.observe()).fingerprint == before
    assert (await one.act(burn, allow=True)).writes == ("letter burnt",)
    assert (await other.observe()).fingerprint != before


async def test_in_a_world_of_its_own_a_write_is_seen_by_nobody_else() -> None:
    house = scripted(rewinds=True)
    one, other = await house.reset(), await house.reset()
    await one.act(Action(text="go to kitchen"))
    assert (await one.act(Action(text="burn the letter"))).writes == ("letter burnt",)
    assert "burnt" not in (await other.observe()).text


async def test_what_is_not_there_is_no_action() -> None:
    session = await scripted().reset()
    with pytest.raises(BadAction, match="jump"):
        await session.act(Action(text="jump"))
    await session.aclose()
    await session.aclose()
    with pytest.raises(EnvironmentFailed):
        await session.observe()


def test_a_door_into_nowhere_is_bad_input() -> None:
    with pytest.raises(BadInput, match="attic"):
        scripted({"hall": {"up": Door(to="attic")}}, goal="hall")


async def restored(house: Environment, *lines: str, kept: bool = False) -> Restored:
    start, path, snapshot = await walk(house, *lines)
    return await restore_path(house, start, path, snapshot=snapshot if kept else None)


async def test_the_ladder_takes_the_first_rung_that_holds() -> None:
    house = scripted()
    start, path, snapshot = await walk(house, "go to kitchen", "go to balcony")
    live = await house.reset()
    for step in path:
        await live.act(step.action)
    assert (await restore_path(house, start, path, live=live, snapshot=snapshot)).method == "live"
    await live.act(Action(text="go to kitchen"))
    back = await restore_path(house, start, path, live=live, snapshot=snapshot)
    assert (back.method, back.replayed) == ("snapshot", 0)
    assert back.tried == ("live: it shows another state",)
    again = await restore_path(house, start, path)
    assert (again.method, again.replayed) == ("replay", 2)


async def test_a_path_with_a_write_is_never_replayed() -> None:
    house = scripted()
    dropped = await restored(house, "go to kitchen", "burn the letter")
    assert dropped.session is None
    assert "cannot be rewound" in dropped.tried[-1]
    assert house.shared.written == ["letter burnt"]


async def test_a_path_with_a_write_is_replayed_in_a_fresh_world() -> None:
    back = await restored(scripted(rewinds=True), "go to kitchen", "burn the letter", "go to hall")
    assert (back.method, back.replayed) == ("replay", 3)


async def test_a_replay_that_diverges_is_dropped_with_the_place() -> None:
    house = scripted()
    start, path, snapshot = await walk(house, "go to kitchen", "go to hall")
    house.shared.written.append("letter burnt")
    dropped = await restore_path(house, start, path, snapshot=snapshot)
    assert dropped.session is None
    assert dropped.tried == (
        "snapshot: it shows another state",
        "replay: after 0 actions it shows another state",
    )
