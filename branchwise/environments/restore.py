"""Restore a node's state by the cheapest method that works, verified by fingerprint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from branchwise.environments.protocol import Action, Effect, Environment, Recognises, Session, Snapshot
from branchwise.store.errors import ActionRefused, BadAction, EnvironmentFailed

Method = Literal["live", "snapshot", "replay"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PathStep:
    """One action of a path, as recorded when it was first performed."""

    action: Action
    fingerprint: str
    """The state after it."""
    effect: Effect = Effect.REVERSIBLE
    """What it was seen to leave behind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """A session in the restored state, or the reason why there is none."""

    session: Session | None
    method: Method | None = None
    replayed: int = 0
    """Actions done again on the way, those of a failed try included."""
    tried: tuple[str, ...] = ()
    """Why each rung before failed; with no session, why the branch is dropped."""


async def restore_path(
    environment: Environment,
    start: str,
    path: Sequence[PathStep],
    *,
    live: Session | None = None,
    snapshot: Snapshot | None = None,
    refusal: str = "",
    seed: int = 0,
) -> Restored:
    """Bring a session to the end of `path`: the live one, a snapshot, or a replay in a fresh session.

    A session that turns out to stand elsewhere is closed. A path with a write that cannot be rewound is
    never replayed (arXiv 2407.01476 names this limit of its own replay in section 5).

    Args:
        environment: Where sessions come from.
        start: Fingerprint of the state after `reset`.
        path: What was done from there on.
        live: A session that may stand there already.
        snapshot: What was kept there.
        refusal: Why nothing was kept, for the record.
        seed: The seed of the session that is replayed.
    """
    expected = path[-1].fingerprint if path else start
    tried: list[str] = []
    if live is not None:
        reason = await differs(live, expected)
        if reason is None:
            return Restored(session=live, method="live")
        await live.aclose()
        tried.append(f"live: {reason}")
    if snapshot is not None:
        opened, reason = await _opened(environment, snapshot, expected)
        if opened is not None:
            return Restored(session=opened, method="snapshot", tried=tuple(tried))
        tried.append(f"snapshot: {reason}")
    elif refusal:
        tried.append(f"snapshot: not kept, {refusal}")
    return await _replay(environment, start, path, seed, tuple(tried))


async def differs(session: Session, expected: str) -> str | None:
    """Why a session does not stand at the state of a fingerprint; None if it does."""
    try:
        if isinstance(session, Recognises):
            return await session.recognise(expected)
        seen = await session.observe()
    except EnvironmentFailed as error:
        return str(error)
    return None if seen.fingerprint == expected else "it shows another state"


async def _opened(
    environment: Environment, snapshot: Snapshot, expected: str
) -> tuple[Session | None, str | None]:
    try:
        session = await environment.restore(snapshot)
    except EnvironmentFailed as error:
        return None, str(error)
    reason = await differs(session, expected)
    if reason is None:
        return session, None
    await session.aclose()
    return None, reason


async def _replay(
    environment: Environment, start: str, path: Sequence[PathStep], seed: int, tried: tuple[str, ...]
) -> Restored:
    rewinds = environment.abilities.rewinds
    for number, step in enumerate(path, 1):
        if step.effect is not Effect.REVERSIBLE and not rewinds:
            stays = (
                f"replay: action {number} (`{step.action.text}`) left something behind that cannot be rewound"
            )
            return Restored(session=None, tried=(*tried, stays))
    try:
        session = await environment.reset(seed=seed)
    except EnvironmentFailed as error:
        return Restored(session=None, tried=(*tried, f"replay: {error}"))
    done = 0
    reason = await differs(session, start)
    if reason is None:
        done, reason = await _walk(session, path, allow=rewinds)
    if reason is None:
        return Restored(session=session, method="replay", replayed=done, tried=tried)
    await session.aclose()
    return Restored(session=None, replayed=done, tried=(*tried, f"replay: after {done} actions {reason}"))


async def _walk(session: Session, path: Sequence[PathStep], *, allow: bool) -> tuple[int, str | None]:
    for number, step in enumerate(path):
        try:
            outcome = await session.act(step.action, allow=allow)
        except (ActionRefused, BadAction, EnvironmentFailed) as error:
            return number, str(error)
        if outcome.blocked:
            return number + 1, f"a write was blocked: {outcome.blocked[0]}"
        if outcome.observation.fingerprint != step.fingerprint:
            reason = await differs(session, step.fingerprint)
            if reason is not None:
                return number + 1, reason
    return len(path), None
