"""Which server gets which key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from branchwise import models, solve, submit, work
from branchwise.models import keys
from branchwise.models.base_url import parse
from branchwise.models.protocol import Message, SampleRequest
from branchwise.store.errors import BadInput, ModelError
from branchwise.store.store import Store
from tests.models.conftest import Loopback, says

KEY = "sk-very-secret-0123456789"
ASK = SampleRequest(messages=(Message(role="user", content="hello"),))


@pytest.fixture(autouse=True)
def _nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("OPENAI_BASE_URL", "BRANCHWISE_KEY_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    before = {name: set(hosts) for name, hosts in keys._allowed.items()}
    keys._allowed.clear()
    yield
    keys._allowed.clear()
    keys._allowed.update(before)


async def sent_to(server: Loopback, spec: str = "openai-compatible:m", **options: str) -> set[str | None]:
    model = models.load(spec, stored=True, **options)
    await model.sample(ASK)
    await model.aclose()
    return set(server.keys)


async def test_a_url_out_of_a_row_gets_no_key(loopback: Loopback) -> None:
    assert await sent_to(loopback, base_url=loopback.url) == {None}
    assert await sent_to(loopback, f"pool:{loopback.url}#m") == {None}


async def test_litellm_is_refused_there_for_it_would_send_any_key_that_it_finds(loopback: Loopback) -> None:
    with pytest.raises(BadInput, match="BRANCHWISE_KEY_HOSTS"):
        models.load("litellm:openai/m", base_url=loopback.url, stored=True)
    assert not loopback.keys


async def test_a_user_s_own_word_is_enough(loopback: Loopback) -> None:
    model = models.load("openai-compatible:m", base_url=loopback.url)
    await model.sample(ASK)
    await model.aclose()
    assert set(loopback.keys) == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    "form", ["{url}", "127.0.0.1", "127.0.0.1:{port}", "OPENAI_API_KEY=127.0.0.1, other:1"]
)
async def test_the_environment_allows_a_host(
    loopback: Loopback, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = loopback.url.rpartition(":")[2].partition("/")[0]
    monkeypatch.setenv("BRANCHWISE_KEY_HOSTS", form.format(url=loopback.url, port=port))
    assert await sent_to(loopback, base_url=loopback.url) == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    "form", ["127.0.0.1:1", "https://127.0.0.1", "OTHER_KEY=127.0.0.1", "127.0.0.10", ""]
)
async def test_another_host_port_scheme_or_key_is_not_allowed_with_it(
    loopback: Loopback, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRANCHWISE_KEY_HOSTS", form)
    assert await sent_to(loopback, base_url=loopback.url) == {None}


async def test_the_address_in_the_environment_and_trust_allow_it(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", loopback.url)
    assert await sent_to(loopback, base_url=loopback.url) == {f"Bearer {KEY}"}
    monkeypatch.delenv("OPENAI_BASE_URL")
    loopback.keys.clear()
    models.trust("openai-compatible:m", loopback.url)
    assert await sent_to(loopback, base_url=loopback.url) == {f"Bearer {KEY}"}


async def test_a_server_that_wants_the_key_is_told_of_with_what_to_do(loopback: Loopback) -> None:
    loopback.next = [says(401, b"no key")]
    model = models.load("openai-compatible:m", base_url=loopback.url, stored=True)
    with pytest.raises(
        ModelError, match=r"was not sent to `127\.0\.0\.1`.*BRANCHWISE_KEY_HOSTS=127\.0\.0\.1:"
    ) as told:
        await model.sample(ASK)
    assert KEY not in str(told.value)
    await model.aclose()


def test_openai_s_own_address_has_its_own_key_but_not_in_the_clear() -> None:
    assert keys.may_have(parse("https://api.openai.com/v1"), "OPENAI_API_KEY")
    assert not keys.may_have(parse("http://api.openai.com/v1"), "OPENAI_API_KEY")
    assert not keys.may_have(parse("https://api.openai.com.evil.example/v1"), "OPENAI_API_KEY")
    assert not keys.may_have(parse("https://api.openai.com/v1"), "OTHER_KEY")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000v1",
        "http://localhost:80000/v1",
        "http://localhost:0/v1",
        "http://[::1/v1",
        "https://xn--/v1",
        "http://h..x/v1",
        "http://a b/v1",
        "http:///v1",
        "localhost:8000",
        "ftp://x/v1",
        "http://h/v1?key=userinfoSECRET88",
        "http://h/v1#userinfoSECRET88",
        "http://user:userinfoSECRET88@h/v1",
        "http://userinfoSECRET88@h/v1",
        "http://@h/v1",
        "http://user:userinfoSECRET88@h:port/v1",
        "http://h/v1/chat/completions",
        "",
    ],
)
def test_a_typing_error_in_a_url_is_bad_input_and_repeats_no_secret(url: str) -> None:
    specs: list[tuple[str, dict[str, Any]]] = [
        ("openai-compatible:m", {"base_url": url}),
        (f"pool:http://h/v1,{url}", {}),
        (f"scorer:{url}", {}),
    ]
    for spec, options in specs:
        if options or (url and "#" not in url):  # what follows it is a model's name there
            with pytest.raises(BadInput) as told:
                models.load(spec, **options)
            assert "userinfoSECRET88" not in str(told.value)
    if "://" in url:
        with pytest.raises(BadInput):
            models.addresses("openai-compatible:m", url)


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/v1", "https://münchen.example/v1", "http://[::1]:8000/v1", " http://h "]
)
def test_what_a_url_may_be(url: str) -> None:
    assert parse(url).host


@pytest.mark.parametrize("named", ["a b", "x@y", "http://", "host:port"])
def test_a_host_that_cannot_be_one_is_bad_input(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="may get a key is named like"):
        keys.allow(named)


async def test_a_worker_sends_no_key_to_the_server_of_a_stranger_s_run(
    loopback: Loopback, tmp_path: Path
) -> None:
    store = str(tmp_path / "s.sqlite")
    asked = {"problem": "hello", "strategy": "best_of_n", "knobs": {"n": 1}, "budget": {"calls": 2}}
    await submit([asked], model="openai-compatible:m", base_url=loopback.url, store=store)
    await work(store=store, until_empty=True)
    assert loopback.bodies
    assert set(loopback.keys) == {None}


async def test_an_imported_run_waits_for_its_name(tmp_path: Path) -> None:
    [run] = await submit(
        ["hello"], model="openai-compatible:m", base_url="http://127.0.0.1:1/v1", store=str(tmp_path / "a")
    )
    async with Store.opened(str(tmp_path / "a")) as db:
        text = await db.export(run)
    async with Store.opened(str(tmp_path / "b")) as db:
        assert (await db.restore(text)).status == "paused"
        assert await db.claim_next() is None


async def test_another_key_of_the_user_s_word_goes_where_the_user_said(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OTHER_KEY", "other-value-0123456789")
    await solve(
        "hello",
        strategy="best_of_n",
        knobs={"n": 1},
        model="openai-compatible:m",
        base_url=loopback.url,
        model_options={"api_key_env": "OTHER_KEY"},
        budget={"calls": 2},
        store=str(tmp_path / "s.sqlite"),
    )
    assert set(loopback.keys) == {"Bearer other-value-0123456789"}
