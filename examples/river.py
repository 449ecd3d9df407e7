"""A river to cross with a wolf, a goat and a cabbage: an environment of your own in one file.

    export PYTHONPATH=examples
    branchwise web --environment river:river --model uniform --pick-actions --value-samples 0 --depth 7

No model that knows anything is needed: the search tells states apart and never looks at one twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from branchwise.environments.protocol import Abilities, Action, Effect, Observation, Outcome, Snapshot
from branchwise.store.errors import BadAction, EnvironmentFailed

CARGO = ("wolf", "goat", "cabbage")
HUNGRY = (("wolf", "goat"), ("goat", "cabbage"))
GOAL = "Bring all three to the right bank. Left alone, the wolf eats the goat and the goat the cabbage."


@dataclass(kw_only=True)
class Crossing:
    """One branch: who is on the right bank."""

    right: frozenset[str] = frozenset()
    answer: str | None = None

    async def observe(self) -> Observation:
        """Say who is where; who was eaten ends it."""
        left = [one for one in (*CARGO, "boat") if one not in self.right]
        eaten = [b for a, b in HUNGRY if (a in self.right) == (b in self.right) != ("boat" in self.right)]
        done = self.right == {*CARGO, "boat"}
        text = f"left bank: {', '.join(left)}\nright bank: {', '.join(sorted(self.right))}"
        return Observation(
            text=text + "".join(f"\nthe {one} was eaten" for one in eaten),
            fingerprint=f"{sorted(self.right)} {self.answer}",
            ended=done or bool(eaten) or self.answer is not None,
            reward=float(done),
            answer=self.answer,
            goal=GOAL,
        )

    async def actions(self) -> Sequence[Action]:
        """Whom the boat can take along."""
        here = [one for one in CARGO if (one in self.right) == ("boat" in self.right)]
        lines = ["cross alone", *(f"cross with the {one}" for one in here)]
        return [Action(text=line, effect=Effect.REVERSIBLE) for line in lines]

    async def read(self, line: str) -> Action:
        """One of `actions`, or `stop`."""
        if line.startswith("stop "):
            return Action(text=line, effect=Effect.REVERSIBLE)
        for action in await self.actions():
            if action.text == line:
                return action
        raise BadAction(f"`{line}` is not possible here.")

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        """Cross; nothing outlives the branch, so everything is allowed."""
        known = await self.read(action.text)
        if known.text.startswith("stop "):
            self.answer = known.text.removeprefix("stop ")
        else:
            self.right ^= {"boat", *(one for one in CARGO if known.text.endswith(one))}
        return Outcome(observation=await self.observe(), effect=known.effect)

    async def snapshot(self) -> Snapshot | None:
        """The whole state, as JSON."""
        return None if self.answer else Snapshot(data=[*sorted(self.right)])

    async def aclose(self) -> None:
        """Nothing to let go."""


@dataclass(kw_only=True)
class River:
    """Opens branches."""

    name: str = "river"

    @property
    def abilities(self) -> Abilities:
        """Cheap to keep, and every branch has a river of its own."""
        return Abilities(parallel=8, snapshots=True, rewinds=True)

    async def reset(self, *, seed: int = 0) -> Crossing:
        """Everybody on the left bank."""
        return Crossing()

    async def restore(self, snapshot: Snapshot) -> Crossing:
        """A state that was kept."""
        if not isinstance(snapshot.data, list):
            raise EnvironmentFailed("That is no state of this river.")
        return Crossing(right=frozenset(str(one) for one in snapshot.data))

    async def aclose(self) -> None:
        """Nothing to let go."""


def river() -> River:
    """What `--environment river:river` opens."""
    return River()
