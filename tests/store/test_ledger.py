from __future__ import annotations

import asyncio
import hashlib
import json

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from branchwise.store.database.tables import calls
from branchwise.store.errors import ModelError, RequestChanged, StoreError
from branchwise.store.json_text import to_json
from branchwise.store.leases import Lease
from branchwise.store.ledger import Ledger
from branchwise.store.records import Json, Usage
from branchwise.store.rows import CallState, OnChange, Status
from branchwise.store.store import Store
from branchwise.store.texts import put_back, take_out
from tests.store.scripted_run import Counted, new_lease

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.text(min_size=200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


async def _crash_and_resume(store: Store, lease: Lease) -> Lease:
    await store.finish(lease, status=Status.PAUSED)
    return await store.claim(lease.run_id)


async def test_a_call_is_made_once_and_remembered_over_resumptions(store: Store) -> None:
    lease, effect = await new_lease(store), Counted()
    ledger = await store.ledger(lease)
    assert not ledger.recorded("r1/0/propose", {"prompt": "x"})
    first = await ledger("r1/0/propose", {"prompt": "x"}, effect, model="scripted")
    assert ledger.recorded("r1/0/propose", {"prompt": "x"})
    assert await ledger("r1/0/propose", {"prompt": "x"}, effect) == first == {"text": "answer 1"}
    lease = await _crash_and_resume(store, lease)
    ledger = await store.ledger(lease)
    assert await ledger("r1/0/propose", {"prompt": "x"}, effect) == first
    assert effect.sent == 1
    assert (
        ledger.bill.usage
        == await store.usage(lease.run_id)
        == Usage(calls=1, prompt_tokens=10, completion_tokens=5)
    )
    [call] = await store.calls(lease.run_id)
    assert (call.key, call.attempt, call.state, call.model, call.node) == (
        "r1/0/propose",
        1,
        CallState.DONE,
        "scripted",
        "0",
    )
    assert (call.request, call.response) == ({"prompt": "x"}, first)


async def test_the_result_is_committed_before_anyone_sees_it(store: Store) -> None:
    lease = await new_lease(store)
    ledger = await store.ledger(lease)
    seen: list[CallState] = []

    async def effect() -> tuple[Json, Usage]:
        seen.append((await store.calls(lease.run_id))[0].state)
        return 1, Usage()

    await ledger("k", {}, effect)
    seen.append((await store.calls(lease.run_id))[0].state)
    assert seen == [CallState.STARTED, CallState.DONE]


async def test_what_was_in_flight_when_the_worker_died_is_ambiguous(store: Store) -> None:
    lease, effect = await new_lease(store), Counted()
    ledger = await store.ledger(lease)
    await ledger("done", {}, effect)
    never = asyncio.Event()

    async def hang() -> tuple[Json, Usage]:
        await never.wait()
        return 1, Usage()

    hanging = asyncio.create_task(ledger("hanging", {}, hang))
    while len(await store.calls(lease.run_id)) < 2:
        await asyncio.sleep(0.01)
    lease = await _crash_and_resume(store, lease)
    ledger = await store.ledger(lease)
    assert ledger.bill.ambiguous == 1
    assert ledger.bill.estimate == Usage(calls=1, prompt_tokens=10, completion_tokens=5)
    assert ledger.bill.usage.calls == 1
    await ledger("hanging", {}, effect)
    states = {(call.key, call.attempt): call.state for call in await store.calls(lease.run_id)}
    assert states == {
        ("done", 1): CallState.DONE,
        ("hanging", 1): CallState.AMBIGUOUS,
        ("hanging", 2): CallState.DONE,
    }
    never.set()
    with pytest.raises(StoreError):  # the first worker is told that it lost the run
        await hanging


@pytest.mark.parametrize(("policy", "sent", "answer"), [("accept", 1, "answer 1"), ("fork", 2, "answer 2")])
async def test_a_changed_request_follows_the_runs_policy(
    lite: Store, policy: OnChange, sent: int, answer: str
) -> None:
    run = await lite.create_run(task="t", strategy="s", model="m", spec={}, on_change=policy)
    ledger, effect = await lite.ledger(await lite.claim(run.id)), Counted()
    await ledger("k", {"prompt": "old"}, effect)
    assert await ledger("k", {"prompt": "new"}, effect) == {"text": answer}
    assert await ledger("k", {"prompt": "new"}, effect) == {"text": answer}
    assert effect.sent == sent


async def test_a_changed_request_fails_by_default(lite: Store) -> None:
    ledger, effect = await lite.ledger(await new_lease(lite)), Counted()
    await ledger("k", {"prompt": "old"}, effect)
    with pytest.raises(RequestChanged, match="`k`"):
        await ledger("k", {"prompt": "new"}, effect)
    assert effect.sent == 1


async def test_a_request_is_known_again_that_an_earlier_version_wrote_otherwise(lite: Store) -> None:
    lease, effect = await new_lease(lite), Counted()
    request: Json = {"prompt": "x", "temperature": 1e-05}
    await (await lite.ledger(lease))("k", request, effect)
    before = hashlib.sha256(b'{"prompt":"x","temperature":1e-05}').hexdigest()
    await lite.database.awrite(lambda c: c.execute(sa.update(calls).values(request_hash=before)))
    lease = await _crash_and_resume(lite, lease)
    ledger = await lite.ledger(lease)
    assert await ledger("k", request, effect) == {"text": "answer 1"}
    assert effect.sent == 1
    with pytest.raises(RequestChanged):
        await ledger("k", {"prompt": "x", "temperature": 1e-06}, effect)


async def test_equal_keys_in_flight_share_one_effect(lite: Store) -> None:
    ledger, effect = await lite.ledger(await new_lease(lite)), Counted()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ledger("k", {}, effect)) for _ in range(20)]
    assert {json.dumps(task.result()) for task in tasks} == {'{"text": "answer 1"}'}
    assert effect.sent == 1


async def test_one_key_in_flight_with_two_requests_is_refused(lite: Store) -> None:
    ledger, effect = await lite.ledger(await new_lease(lite)), Counted()
    first = asyncio.create_task(ledger("k", {"prompt": 1}, effect))
    await asyncio.sleep(0)
    with pytest.raises(RequestChanged):
        await ledger("k", {"prompt": 2}, effect)
    await first


async def test_a_caller_who_leaves_takes_the_effect_along_and_the_next_begins_anew(lite: Store) -> None:
    lease = await new_lease(lite)
    ledger = await lite.ledger(lease)
    started, go = asyncio.Event(), asyncio.Event()

    async def slow() -> tuple[Json, Usage]:
        started.set()
        await go.wait()
        return "kept", Usage(calls=1)

    one, two = (asyncio.create_task(ledger("shared", {}, slow)) for _ in range(2))
    await started.wait()
    started.clear()
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    states = [call.state for call in await lite.calls(lease.run_id)]
    assert states[0] is CallState.AMBIGUOUS, "known before its caller is gone"
    assert ledger.bill.ambiguous == 1
    await started.wait()
    go.set()
    assert await two == "kept"
    assert [call.state for call in await lite.calls(lease.run_id)] == [CallState.AMBIGUOUS, CallState.DONE]


async def test_a_call_cancelled_before_it_was_sent_cost_nothing(lite: Store) -> None:
    lease, effect = await new_lease(lite), Counted()
    ledger = await lite.ledger(lease)
    task = asyncio.create_task(ledger("k", {}, effect))
    for _ in range(2):  # as far as the queue of the writer
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while not (calls := await lite.calls(lease.run_id)) or calls[0].state is CallState.STARTED:
        await asyncio.sleep(0.01)
    assert effect.sent == 0
    assert (calls[0].state, calls[0].usage) == (CallState.FAILED, Usage())


async def test_a_failure_is_recorded_without_its_secrets_and_raised(lite: Store) -> None:
    lease = await new_lease(lite)
    ledger = await lite.ledger(lease)

    async def refused() -> tuple[Json, Usage]:
        raise ModelError("401 for Authorization: Bearer sk-proj-abcdefghijklmnopqrstuv")

    with pytest.raises(ModelError):
        await ledger("k", {}, refused)
    [call] = await lite.calls(lease.run_id)
    assert call.state is CallState.FAILED
    assert call.error == "ModelError: 401 for Authorization: [secret]"
    assert ledger.bill.usage == Usage(calls=1)
    assert await ledger("k", {}, Counted()) == {"text": "answer 1"}


async def test_a_result_that_is_no_json_is_a_failure(lite: Store) -> None:
    ledger = await lite.ledger(await new_lease(lite))

    async def wrong() -> tuple[Json, Usage]:
        return object(), Usage()  # type: ignore[return-value]

    with pytest.raises(TypeError):
        await ledger("k", {}, wrong)
    assert not ledger.recorded("k", {})


async def test_fresh_and_recorded_results_are_equal_and_nobodys_to_change(lite: Store) -> None:
    ledger = await lite.ledger(await new_lease(lite))

    async def effect() -> tuple[Json, Usage]:
        return {"pair": (1, 2), "text": "a\x00\ud800"}, Usage()  # type: ignore[dict-item]

    fresh = await ledger("k", {}, effect)
    assert fresh == {"pair": [1, 2], "text": "a\x00\ud800"}
    assert isinstance(fresh, dict)
    fresh.clear()
    assert await ledger("k", {}, effect) == {"pair": [1, 2], "text": "a\x00\ud800"}


@pytest.mark.parametrize("key", ["", "two words", "é", "x" * 641, "line\n"])
async def test_a_key_is_printable_ascii(lite: Store, key: str) -> None:
    ledger = await lite.ledger(await new_lease(lite))
    with pytest.raises(ValueError, match="printable ASCII"):
        await ledger(key, {}, Counted())


async def test_the_longest_key_and_any_text_fit(store: Store) -> None:
    lease = await new_lease(store)
    ledger, key = await store.ledger(lease), "k" * 640
    request = {"prompt": "\x00\ud800\x10 é 漢 🙂 " * 9000, "lone": "\udfff"}
    await ledger(key, request, Counted())
    [call] = await store.calls(lease.run_id)
    assert (call.key, call.request) == (key, request)


async def test_a_lease_has_one_ledger(lite: Store) -> None:
    lease = await new_lease(lite)
    ledger = await lite.ledger(lease)

    async def inside() -> tuple[Json, Usage]:
        with pytest.raises(StoreError, match="open already"):
            await Ledger.open(lite.database, lease)
        return 1, Usage()

    await ledger("k", {}, inside)


async def test_prompts_are_stored_once(lite: Store) -> None:
    lease = await new_lease(lite)
    ledger, prompt = await lite.ledger(lease), "the same long prompt " * 500
    for i in range(50):
        await ledger(f"r{i}/0/propose", {"prompt": prompt, "seed": i}, Counted())
    rows = await lite.database.aread(
        lambda c: c.exec_driver_sql(
            "SELECT (SELECT sum(length(request)) FROM calls), (SELECT sum(length(body)) FROM texts)"
        ).one()
    )
    assert rows[1] == len(prompt)
    assert rows[0] < 50 * 100
    assert all(
        call.request == {"prompt": prompt, "seed": i} for i, call in enumerate(await lite.calls(lease.run_id))
    )


@given(_JSON)
def test_taking_texts_out_and_putting_them_back_changes_nothing(value: Json) -> None:
    body = to_json(value)
    short, texts = take_out(value, body)
    assert to_json(put_back(short, texts)) == body


async def test_a_reply_that_could_not_be_used_is_on_the_bill(store: Store) -> None:
    lease = await new_lease(store)
    ledger = await store.ledger(lease)
    charged = Usage(calls=1, prompt_tokens=7, completion_tokens=90, cost=0.25, estimated=1, unpriced=0)

    async def malformed() -> tuple[Json, Usage]:
        raise ModelError("the reply cannot be read", charged=charged)

    with pytest.raises(ModelError):
        await ledger("r1/0/propose", "x", malformed)
    assert ledger.bill.usage == await store.usage(lease.run_id) == charged
    [call] = await store.calls(lease.run_id)
    assert (call.state, call.usage) == (CallState.FAILED, charged)
