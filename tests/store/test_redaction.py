from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.store.errors import ModelError
from branchwise.store.records import Json, Usage
from branchwise.store.redaction import Redaction
from branchwise.store.store import Store
from tests.store.scripted_run import new_run

SCRUB = Redaction({"A_TOKEN": 'quo"ted\\value', "HOME": "/home/somebody", "KEY": "short"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("api_key=abc123, more", "api_key=[secret], more"),
        ('{"Authorization": "Basic dXNlcg=="}', '{"Authorization": "[secret] dXNlcg=="}'),
        ("Bearer abcdefgh.ijkl end", "[secret] end"),
        ("postgresql://me:pw@host/db", "postgresql://[secret]@host/db"),
        ("key sk-abcdefghijklmnop1234 end", "key [secret] end"),
        ("AKIAIOSFODNN7EXAMPLE", "[secret]"),
        ('saw quo"ted\\value here', "saw [secret] here"),
        (
            "in /home/somebody with 12 tokens, a short skip-list",
            "in /home/somebody with 12 tokens, a short skip-list",
        ),
    ],
)
def test_an_error_shows_no_secret(text: str, shown: str) -> None:
    assert SCRUB.message(text) == shown


def test_a_request_hides_fields_shapes_and_values_and_stays_json() -> None:
    request = {
        "headers": {"X-API-Key": "v", "accept": "json"},
        "password": 12345,
        "cookie": ["kept: not a plain value"],
        "prompt": 'The password: is part of the task; quo"ted\\value is not.',
    }
    assert json.loads(SCRUB.request(json.dumps(request))) == {
        "headers": {"X-API-Key": "[secret]", "accept": "json"},
        "password": "[secret]",
        "cookie": ["kept: not a plain value"],
        "prompt": "The password: is part of the task; [secret] is not.",
    }


def test_a_reply_keeps_its_fields_and_its_program_text() -> None:
    code = "password = read1()\nself.password=given12345\nconnect(password=user.name12345, token=a)\npasswd=password1"
    reply = {"password": "in the story", "text": code}
    assert json.loads(SCRUB.reply(json.dumps(reply))) == reply
    assert json.loads(SCRUB.reply(json.dumps(['quo"ted\\value']))) == ["[secret]"]


def test_a_reply_hides_keys_and_passwords_by_shape() -> None:
    said = "use sk-abcdefghijklmnop1234 and password=hunter2hunter2"
    assert json.loads(SCRUB.reply(json.dumps({"text": said}))) == {
        "text": "use [secret] and password=[secret]"
    }


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        *[
            (name, "fooNOTNAMED99", True)
            for name in ("APIKEY_FOO", "GITHUB_PAT", "PGPASSWORD", "MY_DB_PASSWORD")
        ],
        *[(name, "abc1234", True) for name in ("SHORT_KEY", "HF_TOKEN", "NPM_AUTH", "SECRET_KEY_BASE")],
        ("DATABASE_URL", "postgresql://u:db%2FurlSECRET77@h/x", True),
        *[("SHORT_KEY", value, False) for value in ("EMPTY", "12345678"[:7], "none", "a1")],
        *[
            (name, "/home/somebody1", False)
            for name in ("PWD", "OLDPWD", "HOME", "SSH_AUTH_SOCK", "KEYBOARD")
        ],
        ("BRANCHWISE_KEY_HOSTS", "localhost:8000", False),
        ("DATABASE_URL", "postgresql://postgres:postgres@localhost/test", False),
    ],
)
def test_which_values_of_the_environment_are_secrets(name: str, value: str, hidden: bool) -> None:
    redaction = Redaction({name: value})
    shown = value.rpartition(":")[2].partition("@")[0] if "://" in value else value
    for form in {shown, shown.replace("%2F", "/")}:
        text = json.loads(redaction.request(json.dumps({"problem": f"it is {form} here"})))["problem"]
        assert (text == "it is [secret] here") == hidden, text
    assert "abc12345" in redaction.message("a longer abc12345 is another word")


@pytest.mark.parametrize(
    "piece", ["\n", " ", "sk-", "://a:", "password=", "eyJ-", "eyJaaaaaaaa.", "Bearer ", "password=a-"]
)
def test_redaction_takes_linear_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    SCRUB.message(text)
    SCRUB.request(json.dumps(text))
    SCRUB.reply(json.dumps(text))
    assert time.process_time() - began < 2


_VENDORS = ("sk-", "sk_", "pk-", "rk_", "hf_", "gsk_", "xai-", "ghp_", "gho_", "glpat-", "xoxb-")
_KEYS = (
    st.builds(str.__add__, st.sampled_from(_VENDORS), st.from_regex(r"[A-Za-z0-9_-]{16,30}", fullmatch=True))
    | st.from_regex(r"AKIA[0-9A-Z]{16}", fullmatch=True)
    | st.from_regex(r"AIza[0-9A-Za-z_-]{35}", fullmatch=True)
    | st.from_regex(r"Bearer [A-Za-z0-9._~+/=-]{8,20}", fullmatch=True)
)


@given(st.text(max_size=50), _KEYS, st.text(max_size=50))
def test_a_key_of_a_known_shape_is_hidden_wherever_it_stands(before: str, key: str, after: str) -> None:
    shown = json.loads(SCRUB.request(json.dumps({"prompt": f"{before} {key} {after}"})))
    assert key not in shown["prompt"]
    assert "[secret]" in shown["prompt"]


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "x-api-key", "api_key", "apiKey", "ACCESS-TOKEN", "accesstoken", "auth_token"),
        *("authToken", "secret_key", "client-secret", "password", "Passwd", "cookie", "Set-Cookie"),
    ],
)
def test_a_field_that_is_named_like_a_credential_is_hidden(name: str) -> None:
    assert json.loads(SCRUB.request(json.dumps({"h": [{name: "v"}]}))) == {"h": [{name: "[secret]"}]}


async def test_no_secret_reaches_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = {
        "variable": "correct-horse-battery",
        "vendor": "sk-live-0123456789abcdefghij",
        "bearer": "eyJhbGciOiJIUzI1NiJ9.payload",
        "header": "plain-header-value-77",
        "password": "hunter2-in-a-url",
    }
    monkeypatch.setenv("SOME_VENDOR_API_KEY", planted["variable"])
    path = tmp_path / "runs.sqlite"
    async with Store.opened(str(path)) as store:
        run = await new_run(store)
        spec = {"headers": {"Authorization": f"Bearer {planted['bearer']}", "x-api-key": planted["header"]}}
        run = await store.create_run(task="t", strategy="s", model="m", spec=spec)
        lease = await store.claim(run.id)
        ledger = await store.ledger(lease)
        request: Json = {
            "headers": {"Authorization": f"Bearer {planted['bearer']}", "x-api-key": planted["header"]},
            "metadata": {"note": f"use {planted['variable']} and {planted['vendor']}"},
            "base_url": f"https://me:{planted['password']}@example.org/v1",
        }

        async def echo() -> tuple[Json, Usage]:
            return {"text": f"Your key is {planted['variable']}."}, Usage()

        async def refuse() -> tuple[Json, Usage]:
            raise ModelError(
                f"403 from https://me:{planted['password']}@example.org with {planted['vendor']}"
            )

        assert await ledger("a", request, echo) == {"text": "Your key is [secret]."}
        with pytest.raises(ModelError):
            await ledger("b", request, refuse)
        await store.add_decision(lease, "d", "plan", {"why": planted["variable"]})
        await store.finish(lease, {"text": planted["variable"]}, error=f"key {planted['vendor']}")
    stored = await asyncio.to_thread(lambda: b"".join(file.read_bytes() for file in tmp_path.iterdir()))
    for name, secret in planted.items():
        assert secret.encode() not in stored, name
