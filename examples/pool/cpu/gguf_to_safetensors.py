"""Turn a GGUF file into a folder that vLLM serves: safetensors, tokenizer and chat template.

    python gguf_to_safetensors.py MODEL.gguf FOLDER [bfloat16|float16|float32]

The weights are dequantised: they keep the values that the quantisation left them, at full width. Needs torch and
transformers.
"""

from __future__ import annotations

import sys
from pathlib import Path


def gguf_to_safetensors(file: Path, folder: Path, dtype: str = "bfloat16") -> None:
    """Read the GGUF file and write the model beside its tokenizer into `folder`, which may be there.

    Raises:
        SystemExit: There is no such file.
    """
    if not file.is_file():
        raise SystemExit(f"There is no GGUF file at `{file}`.")
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig  # noqa: PLC0415 - half a minute

    model = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=dtype, quantization_config=GgufConfig(dequantize=True)
    )
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(folder)


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        raise SystemExit(__doc__)
    gguf_to_safetensors(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
