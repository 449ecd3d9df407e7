"""Profiles: what may be said, what cannot work, and the command line it becomes."""

from __future__ import annotations

import json
import os
import shlex
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from branchwise.serving import launch
from branchwise.serving.check import check
from branchwise.serving.launch import launches
from branchwise.serving.options import EngineOptions
from branchwise.serving.profile import Profile, read_profile, said_to_run
from branchwise.store.errors import BadInput

ROOT = Path(__file__).parents[2]


@pytest.fixture
def said(tmp_path: Path) -> dict[str, Any]:
    shape = {
        "hidden_size": 96,
        "num_attention_heads": 6,
        "num_hidden_layers": 2,
        "intermediate_size": 128,
    }
    shape |= {"vocab_size": 10, "max_position_embeddings": 512}
    (tmp_path / "config.json").write_text(json.dumps(shape))
    return {"model": str(tmp_path), "device": "cpu", "command": ["sh"]}


def prepared(said: dict[str, Any]) -> Profile:
    profile = read_profile(None, said)
    check(profile, launches(profile))
    return profile


def test_a_profile_without_options_is_fine(said: dict[str, Any]) -> None:
    assert prepared(said).replicas == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"replica": 2}, "no setting `replica`. Did you mean `replicas`"),
        ({"options": {"max_model_length": 8}}, "Did you mean `max_model_len`"),
        ({"options": {"speculative": {"methd": "ngram"}}}, "Did you mean `method`"),
        ({"options": {"max_model_len": "many"}}, "`options.max_model_len` cannot be 'many'"),
        ({"options": {"max_model_len": 1024}}, "above the model's own 512"),
        ({"options": {"gpu_memory_utilization": 1.5}}, "less than or equal to 1"),
        ({"options": {"tensor_parallel_size": 4}}, "does not divide the model's 6 attention heads"),
        ({"options": {"pipeline_parallel_size": 3}}, "above the model's 2 layers"),
        ({"options": {"enable_expert_parallel": True}}, "this one is dense"),
        ({"options": {"quantization": "int3"}}, "`options.quantization` cannot be 'int3'"),
        ({"options": {"max_num_seqs": 64, "max_num_batched_tokens": 32}}, "below `max_num_seqs`"),
        (
            {
                "options": {
                    "max_model_len": 512,
                    "max_num_batched_tokens": 64,
                    "enable_chunked_prefill": False,
                }
            },
            "a pass must hold a whole prompt",
        ),
        ({"options": {"speculative": {"method": "eagle", "num_speculative_tokens": 3}}}, "needs a `model`"),
        (
            {"options": {"speculative": {"method": "ngram", "num_speculative_tokens": 3, "model": "x/y"}}},
            "drafts without",
        ),
        (
            {
                "options": {
                    "speculative": {
                        "method": "medusa",
                        "num_speculative_tokens": 3,
                        "model": "./heads",
                    }
                }
            },
            "no draft model in `heads`",
        ),
        ({"options": {"lora": {"modules": {"a": "./nowhere"}}}}, "adapter `a` has no `adapter_config.json`"),
        ({"options": {"lora": {"modules": {}}}}, "at least 1"),
        ({"options": {"chat_template": "./none.jinja"}}, "no chat template"),
        ({"model": "./nowhere"}, "no model folder `nowhere`"),
        ({"model": "nowhere"}, "no name on the hub"),
        ({"command": ["no-such-engine"]}, "`no-such-engine` cannot be run"),
        ({"replicas": 0}, "greater than or equal to 1"),
        ({"port": 65_535, "replicas": 2}, "2 replicas do not fit above port 65535"),
        ({"replicas": 2, "devices": ["0-1"]}, "need as many ranges of cores"),
        (
            {"device": "cuda", "devices": ["0", "1"], "options": {"tensor_parallel_size": 3}},
            "1 replicas of 3 GPUs need 3; there are 2",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_cannot_work_is_said_before_anything_starts(
    said: dict[str, Any], wrong: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput) as caught:
        prepared({**said, **wrong})
    assert says in str(caught.value)


def test_all_that_is_wrong_is_said_at_once(said: dict[str, Any]) -> None:
    options = {"tensor_parallel_size": 4, "max_model_len": 1024}
    with pytest.raises(BadInput) as caught:
        prepared({**said, "command": ["no-such-engine"], "options": options})
    assert str(caught.value).count("\n- ") == 3


def test_a_port_that_is_taken_is_said_before_anything_starts(said: dict[str, Any]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"port {port} of replica 0 cannot be used"):
            prepared({**said, "port": port})


def test_the_command_line_goes_over_the_file(said: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('model = "a/b"\nreplicas = 3\n[options]\nmax_num_seqs = 8\nmax_model_len = 100\n')
    profile = read_profile(file, {"replicas": 2, "options": {"max_num_seqs": 16}})
    assert (profile.model, profile.replicas, profile.served) == ("a/b", 2, "b")
    assert (profile.options.max_num_seqs, profile.options.max_model_len) == (16, 100)
    file.write_text("model = ")
    with pytest.raises(BadInput, match="is no TOML"):
        read_profile(file, {})
    with pytest.raises(BadInput, match="Which model"):
        read_profile(None, {})


def test_options_become_vllms_flags() -> None:
    options = EngineOptions.model_validate(
        {
            "enable_prefix_caching": True,
            "enable_chunked_prefill": False,
            "gpu_memory_utilization": 0.8,
            "speculative": {"method": "ngram", "num_speculative_tokens": 4, "prompt_lookup_max": 3},
            "lora": {"modules": {"tuned": "/adapters/tuned"}, "max_lora_rank": 32},
        }
    )
    assert shlex.join(options.flags()) == (
        "--gpu-memory-utilization 0.8 --enable-prefix-caching --no-enable-chunked-prefill "
        '--speculative-config \'{"method": "ngram", "num_speculative_tokens": 4, "prompt_lookup_max": 3}\' '
        "--enable-lora --max-loras 1 --max-lora-rank 32 --lora-modules tuned=/adapters/tuned"
    )


def test_splitwise_roles_are_planned_on_two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """What vLLM 0.32 takes as its KVTransferConfig; starting it needs two GPUs."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = []
    for role in ("prompt", "token"):
        profile = read_profile(ROOT / f"examples/pool/splitwise-{role}.toml", {"command": ["vllm", "serve"]})
        [planned] = launches(profile)
        at = planned.command.index("--kv-transfer-config")
        found.append((planned.environment, planned.url, json.loads(planned.command[at + 1])))
    (one, first, producer), (other, second, consumer) = found
    assert (one["CUDA_VISIBLE_DEVICES"], other["CUDA_VISIBLE_DEVICES"]) == ("0", "1")
    assert one["VLLM_NIXL_SIDE_CHANNEL_PORT"] != other["VLLM_NIXL_SIDE_CHANNEL_PORT"]
    assert (first, second) == ("http://127.0.0.1:8100/v1", "http://127.0.0.1:8200/v1")
    assert producer == {"kv_connector": "NixlConnector", "kv_role": "kv_producer"}
    assert consumer == {
        "kv_connector": "NixlConnector",
        "kv_load_failure_policy": "recompute",
        "kv_role": "kv_consumer",
    }


def test_a_role_on_cpu_and_an_unknown_role_are_refused(said: dict[str, Any]) -> None:
    role = {"kv_transfer": {"kv_role": "kv_producer"}}
    with pytest.raises(BadInput, match="kv_transfer` needs a GPU for each role"):
        prepared({**said, "options": role})
    with pytest.raises(BadInput, match="kv_role"):
        prepared({**said, "options": {"kv_transfer": {"kv_role": "reader"}}})


def test_every_replica_gets_its_devices(said: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    two = {"replicas": 2, "options": {"tensor_parallel_size": 2}}
    planned = launches(read_profile(None, {**said, **two, "device": "cuda"}))
    assert [one.environment["CUDA_VISIBLE_DEVICES"] for one in planned] == ["0,1", "2,3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    planned = launches(read_profile(None, {**said, **two, "device": "cuda"}))
    assert [one.environment["CUDA_VISIBLE_DEVICES"] for one in planned] == ["4,5", "6,7"]
    planned = launches(read_profile(None, {**said, "replicas": 2, "devices": ["0-3", "4-7"], "port": 8000}))
    assert [one.environment["VLLM_CPU_OMP_THREADS_BIND"] for one in planned] == ["0-3", "4-7"]
    assert [one.url for one in planned] == ["http://127.0.0.1:8000/v1", "http://127.0.0.1:8001/v1"]


def test_the_model_comes_where_the_engine_expects_it(said: dict[str, Any]) -> None:
    [module] = launches(read_profile(None, {**said, "command": ["python", "-m", "vllm"]}))
    assert module.command[3:5] == ("--model", said["model"])
    [serve] = launches(read_profile(None, {**said, "command": ["vllm", "serve"]}))
    assert serve.command[2] == said["model"]


def test_vllm_is_looked_for_and_its_absence_explained(
    said: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del said["command"]
    monkeypatch.setenv("BRANCHWISE_VLLM", str(tmp_path))
    with pytest.raises(BadInput, match="no bin/python"):
        launches(read_profile(None, said))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    [found] = launches(read_profile(None, said))
    assert found.command[:3] == (str(tmp_path / "bin/python"), "-m", launch.MODULE)
    monkeypatch.delenv("BRANCHWISE_VLLM")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match="vLLM is not found"):
        launches(read_profile(None, {**said, "device": "cpu"}))


def test_the_engines_python_is_beside_its_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BRANCHWISE_VLLM", raising=False)
    (tmp_path / "env/bin").mkdir(parents=True)
    program = tmp_path / "env/bin/vllm"
    program.touch()
    program.chmod(0o755)
    (tmp_path / "vllm").symlink_to(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert launch.find_engine() == (str(tmp_path / "vllm"), "serve")
    assert launch.find_python() == str(tmp_path / "env/bin/python")
    monkeypatch.setenv("BRANCHWISE_VLLM", str(tmp_path / "env"))
    (tmp_path / "env/bin/python").symlink_to(sys.executable)
    assert launch.find_python() == str(tmp_path / "env/bin/python"), (
        "the environment's, not what it was made with"
    )


@pytest.mark.parametrize("file", sorted((ROOT / "examples/pool").glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_is_a_profile(file: Path) -> None:
    profile = read_profile(file, {"command": ["vllm", "serve"]})
    assert launches(profile)


def test_a_profile_that_others_can_write_says_nothing_to_run(tmp_path: Path) -> None:
    file = tmp_path / "pool.toml"
    file.write_text('model = "m"\ncommand = ["sh", "-c", "echo owned"]\n')
    file.chmod(0o666)
    with pytest.raises(BadInput, match="others than you"):
        read_profile(file, {})
    file.chmod(0o644)
    assert read_profile(file, {}).command == ["sh", "-c", "echo owned"]


@pytest.mark.parametrize(
    "line",
    [
        'command = ["sh", "-c", "true"]',
        'environment = { LD_PRELOAD = "x" }',
        'arguments = ["--x"]',
        "options = { trust_remote_code = true }",
    ],
)
def test_a_strangers_profile_that_says_what_to_run_is_refused(line: str, tmp_path: Path) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(f'model = "{tmp_path}"\n{line}\n')
    assert said_to_run(read_profile(file, {})) == (
        line.partition(" = ")[0].replace("options", "trust_remote_code"),
    )
    file.chmod(0o646)
    with pytest.raises(BadInput, match="says what to run"):
        read_profile(file, {})
    if os.geteuid() == 0:
        file.chmod(0o644)
        os.chown(file, 12345, 12345)
        with pytest.raises(BadInput, match="says what to run"):
            read_profile(file, {})


def test_a_strangers_profile_that_runs_nothing_is_read(tmp_path: Path) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(f'model = "{tmp_path}"\n')
    file.chmod(0o646)
    assert said_to_run(read_profile(file, {})) == ()
