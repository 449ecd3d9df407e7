"""The fourteen values of a hostile test: in no store, export, page, log or output."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typer.testing import CliRunner

from branchwise.cli.app import app
from tests.models.conftest import completion, serving

VARIABLES = {
    "OPENAI_API_KEY": "sk-live-ADVERSARY0123456789abcd",
    "MY_DB_PASSWORD": "s3cr3t-value-XYZ",
    "SHORT_KEY": "abc1234",
    "PGPASSWORD": "pgpassSECRET99",
    "HF_TOKEN": "hf_ADVERSARYtokenvalue99",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIadvers+EXAMPLE",
    "APIKEY_FOO": "fooSECRETnotnamed99",
    "GITHUB_PAT": "patvalueADVERS99",
    "DATABASE_URL": "postgresql://u:dburlSECRET77@h/x",
}
SECRETS = [
    *[value for name, value in VARIABLES.items() if name != "DATABASE_URL"],
    *(
        "dburlSECRET77",
        "hunter2hunter2",
        "userinfoSECRET88",
        "querySECRET88",
        "storeSECRET66",
        "store:SECRET66",
    ),
]
PROBLEM = "my values: " + " ".join(VARIABLES.values())
SAYS = f"You sent {VARIABLES['OPENAI_API_KEY']} and password=hunter2hunter2 and abc1234. Answer: fooSECRETnotnamed99"


async def branchwise(*arguments: str) -> tuple[int, bytes]:
    """Run a command in this process; what it says, logs and raises."""
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    raised = traceback.format_exception(done.exception) if done.exception else []
    return done.exit_code, "".join([done.output, *raised]).encode()


async def test_no_value_of_the_environment_or_of_a_url_is_kept_or_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BRANCHWISE_STORE", str(tmp_path / "s.sqlite"))
    caplog.set_level(logging.DEBUG)

    def echo(body: dict[str, Any]) -> web.Response:
        return web.json_response(completion(body, body.get("n", 1), SAYS))

    def refuse(body: dict[str, Any]) -> web.Response:
        return web.json_response({"error": {"message": f"no: {SAYS} {body['messages']}"}}, status=400)

    outputs = []
    async with serving() as server:
        solve = ("solve", PROBLEM, "--model", "openai-compatible:m", "--base-url", server.url)
        often = ("--strategy", "best_of_n", "-k", "n=2", "--calls", "4")
        server.next = [echo] * 9
        code, said = await branchwise(*solve, *often)
        assert code in {0, 1}, said
        assert set(server.keys) == {f"Bearer {VARIABLES['OPENAI_API_KEY']}"}, "the key itself is sent"
        server.next = [refuse] * 9
        outputs += [said, (await branchwise(*solve, *often))[1]]
    for wrong in (
        (
            "solve",
            "x",
            "--model",
            "openai-compatible:m",
            "--base-url",
            "http://user:userinfoSECRET88@127.0.0.1:1/v1",
        ),
        (
            "solve",
            "x",
            "--model",
            "openai-compatible:m",
            "--base-url",
            "http://127.0.0.1:1/v1?api_key=querySECRET88",
        ),
        ("runs", "--store", "postgresql+psycopg://postgres:store:SECRET66@127.0.0.1:notaport/x"),
        ("runs", "--store", "postgresql+psycopg://postgres:storeSECRET66@127.0.0.1:1/none"),
    ):
        code, said = await branchwise(*wrong)
        assert code in {2, 3}, said
        outputs.append(said)
    lines = tmp_path / "problems.jsonl"
    for url in ("http://user:userinfoSECRET88@127.0.0.1:1/v1", "http://127.0.0.1:1/v1"):
        lines.write_text(json.dumps({"problem": PROBLEM, "base_url": url}))
        code, said = await branchwise("submit", str(lines), "--model", "openai-compatible:m")
        assert code == (2 if "@" in url else 0), said
        outputs.append(said)
    lines.unlink()
    _, listed = await branchwise("runs", "--json")
    outputs.append(listed)
    for run in [one["id"] for one in json.loads(listed)]:
        outputs.append((await branchwise("db", "export", run))[1])
        outputs.append((await branchwise("show", run, "--html", str(tmp_path / f"{run}.html")))[1])
    kept = await asyncio.to_thread(
        lambda: [file.read_bytes() for file in tmp_path.iterdir() if file.is_file()]
    )
    assert any(b"[secret]" in text for text in kept)
    outputs.append(caplog.text.encode())
    for secret in SECRETS:
        assert not [text[:200] for text in (*kept, *outputs) if secret.encode() in text], secret
