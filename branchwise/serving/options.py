"""Engine options of a profile: vLLM's options that matter for sampling, with types and bounds.

An option that is not here goes through `arguments`, unchecked. Names are vLLM's own with underscores.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Quantisation = Literal[
    "awq",
    "awq_marlin",
    "compressed-tensors",
    "experts_int8",
    "fp8",
    "gptq",
    "gptq_marlin",
    "inc",
    "modelopt",
    "modelopt_fp4",
    "moe_wna16",
    "mxfp4",
    "quark",
    "torchao",
]
Method = Literal["ngram", "suffix", "eagle", "eagle3", "medusa", "mlp_speculator", "draft_model", "mtp"]
_NEED_MODEL = frozenset({"eagle", "eagle3", "medusa", "mlp_speculator", "draft_model"})


class Speculative(BaseModel):
    """Draft several tokens cheaply and let the model check them in one pass.

    It shortens the wait of few samples and can slow down many: the passes it saves are nearly free in a full batch.
    """

    model_config = _STRICT

    method: Method
    num_speculative_tokens: Annotated[int, Field(ge=1, le=64)]
    model: str | None = None
    """The draft model or the heads; for eagle, eagle3, medusa, mlp_speculator and draft_model."""
    prompt_lookup_max: Count | None = None
    """ngram: the longest run of tokens that is looked up in what was written so far."""
    prompt_lookup_min: Count | None = None
    draft_tensor_parallel_size: Count | None = None

    @model_validator(mode="after")
    def _fits(self) -> Speculative:
        if (self.model is not None) != (self.method in _NEED_MODEL):
            needs = "needs a `model`" if self.method in _NEED_MODEL else "drafts without a `model`"
            raise ValueError(f"the method `{self.method}` {needs}")
        if self.prompt_lookup_max is not None and self.method != "ngram":
            raise ValueError("`prompt_lookup_max` belongs to the method `ngram`")
        if (self.prompt_lookup_min or 1) > (self.prompt_lookup_max or 64):
            raise ValueError("`prompt_lookup_min` is above `prompt_lookup_max`")
        return self


class KvTransfer(BaseModel):
    """The role of an engine that shares the work on each prompt with another (Splitwise, arXiv 2311.18677).

    A producer reads prompts and hands its cache of keys and values on; a consumer writes the tokens. That needs two
    GPUs, and a proxy that sends each request first to the one and then to the other.
    """

    model_config = _STRICT

    kv_connector: str = "NixlConnector"
    kv_role: Literal["kv_producer", "kv_consumer", "kv_both"]
    kv_load_failure_policy: Literal["recompute", "fail"] | None = None
    """What a consumer does where the cache does not come."""


class Lora(BaseModel):
    """Adapters served beside the model, each under a name of its own."""

    model_config = _STRICT

    modules: Annotated[dict[str, str], Field(min_length=1)]
    """The name under which an adapter is served, and its folder."""
    max_loras: Count = 1
    """Adapters in one batch."""
    max_lora_rank: Literal[1, 8, 16, 32, 64, 128, 256, 320, 512] = 16


class EngineOptions(BaseModel):
    """The engine's options; one that is left out keeps the engine's default."""

    model_config = _STRICT

    # the model
    dtype: Literal["auto", "half", "float16", "bfloat16", "float", "float32"] | None = None
    quantization: Quantisation | None = None
    max_model_len: Count | None = None
    """Longest prompt with its reply, in tokens."""
    served_model_name: str | None = None
    revision: str | None = None
    trust_remote_code: bool | None = None
    chat_template: str | None = None
    tokenizer: str | None = None
    # memory and its reuse
    gpu_memory_utilization: Share | None = None
    kv_cache_dtype: str | None = None
    enable_prefix_caching: bool | None = None
    block_size: Literal[8, 16, 32, 64, 128, 256] | None = None
    cpu_offload_gb: Annotated[float, Field(ge=0)] | None = None
    # batches
    max_num_seqs: Count | None = None
    """Samples decoded side by side."""
    max_num_batched_tokens: Count | None = None
    """Tokens of one pass, prompts included."""
    enable_chunked_prefill: bool | None = None
    long_prefill_token_threshold: Annotated[int, Field(ge=0)] | None = None
    scheduling_policy: Literal["fcfs", "priority"] | None = None
    async_scheduling: bool | None = None
    enforce_eager: bool | None = None
    # several devices
    tensor_parallel_size: Count | None = None
    pipeline_parallel_size: Count | None = None
    data_parallel_size: Count | None = None
    enable_expert_parallel: bool | None = None
    # what it tells
    max_logprobs: Annotated[int, Field(ge=-1)] | None = None
    logprobs_mode: Literal["raw_logits", "raw_logprobs", "processed_logits", "processed_logprobs"] | None = (
        None
    )
    reasoning_parser: str | None = None
    runner: Literal["auto", "generate", "pooling"] | None = None
    convert: Literal["auto", "none", "embed", "classify"] | None = None
    seed: int | None = None

    speculative: Speculative | None = None
    lora: Lora | None = None
    kv_transfer: KvTransfer | None = None

    @model_validator(mode="after")
    def _fits(self) -> EngineOptions:
        tokens = self.max_num_batched_tokens
        samples = self.max_num_seqs
        length = self.max_model_len
        if tokens and samples and tokens < samples:
            raise ValueError(
                f"`max_num_batched_tokens` ({tokens}) is below `max_num_seqs` ({samples}): "
                "one pass must hold a token of every sample"
            )
        if tokens and length and tokens < length and self.enable_chunked_prefill is False:
            raise ValueError(
                f"without chunked prefill a pass must hold a whole prompt, and `max_num_batched_tokens` "
                f"({tokens}) is below `max_model_len` ({length})"
            )
        return self

    @property
    def devices(self) -> int:
        """How many devices one replica takes."""
        return (
            (self.tensor_parallel_size or 1)
            * (self.pipeline_parallel_size or 1)
            * (self.data_parallel_size or 1)
        )

    @property
    def number_type(self) -> str:
        """The type of numbers by torch's name; empty where it is the model's own."""
        names = {None: "", "auto": "", "half": "float16", "float": "float32"}
        return names.get(self.dtype, self.dtype or "")

    def flags(self) -> list[str]:
        """Write the options as vLLM's command line."""
        said = self.model_dump(exclude_none=True, exclude={"speculative", "lora", "kv_transfer"})
        flags = [word for name, value in said.items() for word in _flag(name, value)]
        if self.speculative is not None:
            drafted = self.speculative.model_dump(exclude_none=True)
            flags += ["--speculative-config", json.dumps(drafted, sort_keys=True)]
        if self.lora is not None:
            flags += ["--enable-lora", "--max-loras", str(self.lora.max_loras)]
            flags += ["--max-lora-rank", str(self.lora.max_lora_rank), "--lora-modules"]
            flags += [f"{name}={path}" for name, path in self.lora.modules.items()]
        if self.kv_transfer is not None:
            role = self.kv_transfer.model_dump(exclude_none=True)
            flags += ["--kv-transfer-config", json.dumps(role, sort_keys=True)]
        return flags


def _flag(name: str, value: Any) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if value is True:
        return [flag]
    if value is False:
        return ["--no-" + name.replace("_", "-")]
    return [flag, str(value)]
