"""A small deterministic house of rooms: the environment for tests and first steps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from branchwise.environments.protocol import Abilities, Action, Effect, Observation, Outcome, Snapshot
from branchwise.store.errors import ActionRefused, BadAction, BadInput, EnvironmentFailed
from branchwise.store.records import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """One way out of a room."""

    to: str
    writes: str = ""
    """What going through leaves behind for everybody, for example "bridge burnt"; empty for nothing."""


HOUSE: Mapping[str, Mapping[str, Door]] = MappingProxyType(
    {
        "hall": {"go to library": Door(to="library"), "go to kitchen": Door(to="kitchen")},
        "library": {"go to hall": Door(to="hall"), "open the trapdoor": Door(to="cellar")},
        "kitchen": {
            "go to hall": Door(to="hall"),
            "burn the letter": Door(to="kitchen", writes="letter burnt"),
            "go to balcony": Door(to="balcony"),
        },
        "balcony": {"go to kitchen": Door(to="kitchen"), "jump": Door(to="garden")},
        "cellar": {},
        "garden": {},
    }
)
"""Three steps lead to the garden, two into the cellar, and a letter can be burnt only once for all."""


@dataclass(kw_only=True, slots=True)
class _World:
    """State that all sessions of one world share."""

    written: list[str] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class _Session:
    """One session: a room of the house."""

    house: Mapping[str, Mapping[str, Door]]
    room: str
    goal: str
    world: _World
    rewinds: bool
    snapshots: bool
    answer: str | None = None
    open: bool = True

    async def observe(self) -> Observation:
        self._check_open()
        seen = f"You are in the {self.room}."
        if self.world.written:
            seen += f" So far: {', '.join(self.world.written)}."
        ended = self.room == self.goal or self.answer is not None
        return Observation(
            text="\n".join([seen, *(f"- {line}" for line in self.house[self.room])]),
            fingerprint=hashlib.blake2b(f"{seen} {self.answer}".encode(), digest_size=12).hexdigest(),
            url=f"house:/{self.room}",
            title=self.room,
            ended=ended,
            reward=float(self.room == self.goal),
            answer=self.answer,
        )

    async def actions(self) -> Sequence[Action]:
        self._check_open()
        return [await self.read(line) for line in self.house[self.room]]

    async def read(self, line: str) -> Action:
        self._check_open()
        line = " ".join(line.split())
        if line.startswith("stop "):
            return Action(text=line, effect=Effect.REVERSIBLE)
        door = self.house[self.room].get(line)
        if door is None:
            raise BadAction(f"`{line}` is not possible in the {self.room}.")
        if door.writes and not self.rewinds:
            return Action(text=line, effect=Effect.IRREVERSIBLE, reason=f"it leaves behind: {door.writes}")
        return Action(text=line, effect=Effect.REVERSIBLE)

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        known = await self.read(action.text)
        if known.effect is Effect.IRREVERSIBLE and not allow:
            raise ActionRefused(known.text, known.reason)
        if known.text.startswith("stop "):
            self.answer = known.text.removeprefix("stop ")
            return Outcome(observation=await self.observe(), effect=Effect.REVERSIBLE)
        door = self.house[self.room][known.text]
        self.room = door.to
        if door.writes:
            self.world.written.append(door.writes)
        writes = (door.writes,) if door.writes else ()
        return Outcome(observation=await self.observe(), effect=known.effect, writes=writes)

    async def snapshot(self) -> Snapshot | None:
        self._check_open()
        written: list[Json] = list(self.world.written)
        return Snapshot(data={"room": self.room, "written": written}) if self.snapshots else None

    async def aclose(self) -> None:
        self.open = False

    def _check_open(self) -> None:
        if not self.open:
            raise EnvironmentFailed("This session of the house is closed.")


@dataclass(kw_only=True, slots=True)
class _House:
    """Opens sessions; see `scripted`."""

    rooms: Mapping[str, Mapping[str, Door]]
    start: str
    goal: str
    abilities: Abilities
    name: str = "scripted"
    shared: _World = field(default_factory=_World)

    async def reset(self, *, seed: int = 0) -> _Session:
        return self._session(self.start, _World() if self.abilities.rewinds else self.shared)

    async def restore(self, snapshot: Snapshot) -> _Session:
        match snapshot.data:
            case {"room": str(room), "written": [*written]} if (
                self.abilities.snapshots and room in self.rooms
            ):
                fork = _World(written=[str(line) for line in written])
                return self._session(room, fork if self.abilities.rewinds else self.shared)
        raise EnvironmentFailed("The house cannot be put back into that state.")

    async def aclose(self) -> None:
        """There is nothing to close."""

    def _session(self, room: str, world: _World) -> _Session:
        return _Session(
            house=self.rooms,
            room=room,
            goal=self.goal,
            world=world,
            rewinds=self.abilities.rewinds,
            snapshots=self.abilities.snapshots,
        )


def scripted(
    rooms: Mapping[str, Mapping[str, Door]] = HOUSE,
    *,
    start: str = "hall",
    goal: str = "garden",
    snapshots: bool = True,
    rewinds: bool = False,
    parallel: int = 4,
) -> _House:
    """Build a house to search in; its goal room has reward 1.

    Args:
        rooms: For each room its ways out, by the line that takes them.
        start: The room where sessions begin.
        goal: The room that ends the search.
        snapshots: Whether sessions can be kept and opened again.
        rewinds: Whether each session has a world of its own; else all share one, and writes stay.
        parallel: How many sessions the search may open at once.

    Raises:
        BadInput: A door, the start or the goal leads to a room that is not there.
    """
    for room in (start, goal, *(door.to for ways in rooms.values() for door in ways.values())):
        if room not in rooms:
            raise BadInput(f"There is no room `{room}` in the house.")
    abilities = Abilities(parallel=parallel, snapshots=snapshots, rewinds=rewinds)
    return _House(rooms=rooms, start=start, goal=goal, abilities=abilities)
