"""Launch plans: command, environment, port and log of each replica of a profile."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from branchwise.serving.profile import Profile
from branchwise.store.errors import BadInput

MODULE = "vllm.entrypoints.openai.api_server"


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """How one replica is started."""

    index: int
    command: tuple[str, ...]
    environment: dict[str, str]
    """What is set beside this process's own environment."""
    url: str
    """Where its API will begin."""
    devices: str
    """What it is bound to, for people."""

    @property
    def origin(self) -> str:
        """The URL without the API's path: health and metrics are beside it."""
        return self.url.removesuffix("/v1")


def launches(profile: Profile) -> tuple[Launch, ...]:
    """Plan how each replica of `profile` is started. Nothing is started; free ports are only looked up.

    Raises:
        BadInput: vLLM is not found, or there are fewer devices than the replicas need.
    """
    command = tuple(profile.command) or find_engine()
    bound = _bound(profile)
    return tuple(
        _launch(profile, command, index, port, bound[index]) for index, port in enumerate(_ports(profile))
    )


def find_engine() -> tuple[str, ...]:
    """Find vLLM: in the environment that BRANCHWISE_VLLM names, in this one, or on the path.

    Raises:
        BadInput: It is in none of them.
    """
    named = os.environ.get("BRANCHWISE_VLLM")
    if named:
        python = Path(named).expanduser() / "bin/python"
        if not python.exists():
            raise BadInput(f"BRANCHWISE_VLLM names `{named}`, where there is no bin/python.")
        return (str(python), "-m", MODULE)
    if importlib.util.find_spec("vllm") is not None:
        return (sys.executable, "-m", MODULE)
    found = shutil.which("vllm")
    if found is None:
        raise BadInput(
            "vLLM is not found. Install it (https://docs.vllm.ai), into an environment of its own if you like, and "
            "set BRANCHWISE_VLLM to that environment or `command` in the profile. On a CPU: make vllm."
        )
    return (found, "serve")


def find_python() -> str:
    """Find the Python of the environment that holds vLLM, which has torch.

    Raises:
        BadInput: vLLM is not found.
    """
    first, *rest = find_engine()
    # Installers put a link to the program on the path; Python is where the program itself is.
    return str(Path(first).resolve().with_name("python")) if rest == ["serve"] else first


def on_cuda(profile: Profile) -> bool:
    """Whether the engines run on NVIDIA GPUs."""
    if profile.device == "auto":
        return shutil.which("nvidia-smi") is not None
    return profile.device == "cuda"


def _launch(profile: Profile, command: tuple[str, ...], index: int, port: int, devices: str) -> Launch:
    model = str(Path(profile.model).expanduser()) if profile.model.startswith("~") else profile.model
    named = [model] if command[-1] == "serve" else ["--model", model]
    words = [*command, *named, "--host", profile.host, "--port", str(port)]
    if profile.options.served_model_name is None:
        words += ["--served-model-name", profile.served]
    variable = "CUDA_VISIBLE_DEVICES" if on_cuda(profile) else "VLLM_CPU_OMP_THREADS_BIND"
    host = "127.0.0.1" if profile.host in {"0.0.0.0", "::"} else profile.host  # noqa: S104 - compared, not bound
    return Launch(
        index=index,
        command=(*words, *profile.options.flags(), *profile.arguments),
        environment={**({variable: devices} if devices else {}), **profile.environment},
        url=f"http://{host}:{port}/v1",
        devices=devices,
    )


def _bound(profile: Profile) -> list[str]:
    """The CPU or GPU binding of each replica; empty if none is needed."""
    if on_cuda(profile):
        need = profile.options.devices
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        free = profile.devices or [part for part in visible.split(",") if part]
        free = free or [str(number) for number in range(need * profile.replicas)]
        if len(free) < need * profile.replicas:
            raise BadInput(
                f"{profile.replicas} replicas of {need} GPUs need {need * profile.replicas}; "
                f"there are {len(free)}: {', '.join(free)}."
            )
        return [",".join(free[i * need : (i + 1) * need]) for i in range(profile.replicas)]
    if profile.devices:
        if len(profile.devices) < profile.replicas:
            raise BadInput(f"{profile.replicas} replicas need as many ranges of cores in `devices`.")
        return profile.devices[: profile.replicas]
    return ["" if profile.replicas == 1 else _share(i, profile.replicas) for i in range(profile.replicas)]


def _share(index: int, of: int) -> str:
    cores = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else list(range(os.cpu_count() or 1))
    mine = cores[index * len(cores) // of : (index + 1) * len(cores) // of]
    return ",".join(map(str, mine)) if mine else "nobind"


def _ports(profile: Profile) -> list[int]:
    if profile.port:
        if profile.port + profile.replicas > 65_536:
            raise BadInput(f"{profile.replicas} replicas do not fit above port {profile.port}: start lower.")
        return [profile.port + index for index in range(profile.replicas)]
    # Held open together, so that no two are the same; somebody else may still come between.
    held = [socket.socket() for _ in range(profile.replicas)]
    try:
        for one in held:
            one.bind((profile.host, 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
