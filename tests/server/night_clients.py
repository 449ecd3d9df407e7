"""Clients whose packages need environments of their own, against a real server: python -m tests.server.night_clients.

lm-eval's harness on a toy task, and aider with its old OpenAI client. Their environments are `.venvs/lm_eval` and
`.venvs/aider`; what is missing is installed from the package index. Prints a line for each client.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import fake_server

ROOT = Path(__file__).parents[2]
PACKAGES = {"lm_eval": "lm-eval[api]==0.4.13", "aider": "aider-chat==0.86.2"}
MODEL = "branchwise/best_of_n"
TASK = """task: branchwise_toy
dataset_path: json
dataset_kwargs:
  data_files: {data}
output_type: generate_until
test_split: train
doc_to_text: "{{{{input}}}}"
doc_to_target: "{{{{target}}}}"
generation_kwargs:
  until: []
  max_gen_toks: 32
metric_list:
  - metric: exact_match
"""


def programs(name: str) -> str:
    """The programs of a client's environment, which is made if it is missing."""
    home = ROOT / ".venvs" / name
    if not (home / ".ready").exists():
        venv.create(home, with_pip=True)
        subprocess.run([str(home / "bin/pip"), "install", "-q", PACKAGES[name]], check=True)
        (home / ".ready").touch()
    return str(home / "bin")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The base URL of `branchwise serve` in front of the fake server."""
    with fake_server.running(latency=0.05, tokens=16) as upstream:
        command = [sys.executable, "-m", "branchwise", "serve", "--port", "0", "--json"]
        more = ["--store", f"{folder}/s.sqlite", "--model", "openai-compatible:fake", "--base-url", upstream]
        with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield f"{json.loads(process.stdout.readline())['url']}/v1"
            process.terminate()
            assert process.wait(30) == 0


def lm_eval(url: str, folder: Path) -> str:
    """Run the toy task; says how many documents were answered."""
    data = folder / "toy.jsonl"
    lines = [{"input": f"Say something, number {number}.", "target": "x"} for number in range(3)]
    data.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    (folder / "toy.yaml").write_text(TASK.format(data=data), encoding="utf-8")
    asked: str = f"model={MODEL},base_url={url}/chat/completions,tokenized_requests=False"
    command = [f"{programs('lm_eval')}/lm-eval", "run", "--model", "local-chat-completions"]
    more = [
        "--model_args",
        asked,
        "--tasks",
        "branchwise_toy",
        "--include_path",
        str(folder),
        "--apply_chat_template",
    ]
    kept: list[str] = ["--output_path", str(folder / "out"), "--log_samples"]
    environment = {
        **os.environ,
        "OPENAI_API_KEY": "none",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "hf"),
    }
    done = subprocess.run(
        [*command, *more, *kept], env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    [samples] = (folder / "out").rglob("samples_*.jsonl")
    replies = [json.loads(line)["resps"][0][0] for line in samples.read_text(encoding="utf-8").splitlines()]
    assert len(replies) == 3
    assert all(reply.strip() for reply in replies)
    return f"{len(replies)} documents answered"


def aider(url: str, folder: Path) -> str:
    """Have aider answer one message; says how much it wrote."""
    work = folder / "work"
    work.mkdir()
    command = [f"{programs('aider')}/aider", "--model", f"openai/{MODEL}", "--message", "Say something."]
    more = ["--no-git", "--yes-always", "--no-check-update", "--no-show-model-warnings", "--chat-mode", "ask"]
    keys = {"OPENAI_API_BASE": url, "OPENAI_API_KEY": "none"}
    environment = {**os.environ, **keys, "HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    done = subprocess.run(
        [*command, *more, "--analytics-disable"],
        env=environment,
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    assert "Answer: " in done.stdout, done.stdout[-3000:]
    return f"{len(done.stdout)} characters printed"


def main() -> int:
    """Run both; the exit status is 1 if one failed."""
    failed = 0
    for client in (lm_eval, aider):
        with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as url:
            try:
                print(f"{PACKAGES[client.__name__]}: {client(url, Path(folder))}", flush=True)
            except (AssertionError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"{PACKAGES[client.__name__]} failed: {error}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
