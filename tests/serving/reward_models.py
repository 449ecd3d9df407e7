"""Make two tiny reward models, and say how transformers itself scores conversations with them.

    python reward_models.py TOKENIZER FOLDER < conversations.json > said.json

`FOLDER/classes` tells two classes apart, `FOLDER/steps` gives one number for each step: its chat template ends each
line of the assistant with a tag. Their weights are drawn under a fixed seed. Needs torch and transformers, so it is run
by the Python of vLLM's environment.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TAG = "<issue_comment>"
"""A token of SmolLM2's vocabulary that no text holds."""
TAG_ID = 9
_LINES = "message['content'].replace('\\n', TAG + '\\n') + TAG".replace("TAG", f"'{TAG}'")


def main(tokenizer: Path, folder: Path) -> None:
    """Write the models; read conversations from standard input and write what is said of each."""
    from transformers import AutoTokenizer  # noqa: PLC0415 - seconds, and only in vLLM's environment

    words = AutoTokenizer.from_pretrained(tokenizer)
    assert words.convert_tokens_to_ids(TAG) == TAG_ID
    talks = json.load(sys.stdin)
    classes = _made(folder / "classes", words, labels=2)
    said = [_said(classes, words, talk) for talk in talks]
    plain = "message['content'] + '<|im_end|>"
    assert plain in words.chat_template
    tagged = f"({_LINES} if message['role'] == 'assistant' else message['content']) + '<|im_end|>"
    words.chat_template = words.chat_template.replace(plain, tagged)
    steps = _made(folder / "steps", words, labels=1)
    print(
        json.dumps([{**one, **_stepped(steps, words, talk)} for one, talk in zip(said, talks, strict=True)])
    )


def _made(folder: Path, words: Any, *, labels: int) -> Any:
    import torch  # noqa: PLC0415
    from transformers import LlamaConfig, LlamaForSequenceClassification  # noqa: PLC0415

    torch.manual_seed(1)
    # Weights so large that the last token's state depends on all that came before it.
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=1024,
        initializer_range=0.3,
        num_labels=labels,
        pad_token_id=words.pad_token_id,
    )
    model = LlamaForSequenceClassification(config).eval()
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return model


def _read(words: Any, talk: list[dict[str, str]]) -> Any:
    return words.apply_chat_template(talk, return_tensors="pt", return_dict=True)


def _said(model: Any, words: Any, talk: list[dict[str, str]]) -> dict[str, Any]:
    read = _read(words, talk)
    last = model(**read).logits.softmax(-1)[0, -1].item()
    return {"tokens": read["input_ids"].shape[1], "probability": last}


def _stepped(model: Any, words: Any, talk: list[dict[str, str]]) -> dict[str, Any]:
    ids = _read(words, talk)["input_ids"]
    rewards = model.score(model.model(ids).last_hidden_state)[0, :, 0]
    return {"step_tokens": ids.shape[1], "steps": rewards[ids[0] == TAG_ID].tolist()}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
