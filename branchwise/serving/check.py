"""Checks before an engine is started: an engine takes minutes to fail by itself."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from branchwise.serving.architecture import Architecture, read_architecture
from branchwise.serving.launch import Launch, on_cuda
from branchwise.serving.profile import Profile
from branchwise.store.errors import BadInput


def check(profile: Profile, planned: Sequence[Launch]) -> None:
    """Check everything that a start needs, without starting anything.

    Raises:
        BadInput: Lists all that is wrong.
    """
    wrong = [*_places(profile), *_engine(planned), *_ports(planned), *_shape(profile)]
    if wrong:
        raise BadInput("The pool cannot start:\n" + "\n".join(f"- {what}" for what in wrong))


def local(model: str) -> Path | None:
    """The local folder of `model`, or None if it is a name on the hub."""
    path = Path(model).expanduser()
    return path if path.is_dir() or model.startswith(("/", ".", "~")) else None


def _places(profile: Profile) -> Iterator[str]:
    folder = local(profile.model)
    if folder is None and profile.model.count("/") != 1:
        yield f"the model `{profile.model}` is no folder here, and no name on the hub (`owner/name`)"
    elif folder is not None and not folder.is_dir():
        yield f"there is no model folder `{folder}`"
    elif folder is not None and not (folder / "config.json").is_file():
        yield f"the model folder `{folder}` holds no `config.json`"
    for name, place in (profile.options.lora.modules if profile.options.lora else {}).items():
        if (adapter := local(place)) is not None and not (adapter / "adapter_config.json").is_file():
            yield f"the adapter `{name}` has no `adapter_config.json` in `{adapter}`"
    draft = profile.options.speculative.model if profile.options.speculative else None
    if draft and (heads := local(draft)) is not None and not heads.is_dir():
        yield f"there is no draft model in `{heads}`"
    if profile.options.kv_transfer is not None and not on_cuda(profile):
        yield "`kv_transfer` needs a GPU for each role, and the device is a CPU"
    template = profile.options.chat_template
    if template and "{" not in template and not Path(template).expanduser().is_file():
        yield f"there is no chat template `{template}`"


def _engine(planned: Sequence[Launch]) -> Iterator[str]:
    executable = planned[0].command[0]
    if shutil.which(executable) is None:
        yield f"`{executable}` cannot be run: correct `command`"


def _ports(planned: Sequence[Launch]) -> Iterator[str]:
    for launch in planned:
        address = urlsplit(launch.url)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the engine will
            try:
                probe.bind((address.hostname, address.port))
            except OSError as error:
                yield f"port {address.port} of replica {launch.index} cannot be used: {error.strerror}"


def _shape(profile: Profile) -> Iterator[str]:
    folder = local(profile.model)
    if folder is None or not (folder / "config.json").is_file():
        return
    try:
        shape = read_architecture(folder)
    except BadInput:
        return  # no language model that this knows; the engine may
    yield from misfits(profile, shape)


def misfits(profile: Profile, shape: Architecture) -> Iterator[str]:
    """List the options that the model's architecture rules out."""
    options = profile.options
    parts = options.tensor_parallel_size or 1
    if shape.heads % parts:
        yield f"`tensor_parallel_size` {parts} does not divide the model's {shape.heads} attention heads"
    if (options.pipeline_parallel_size or 1) > shape.layers:
        yield f"`pipeline_parallel_size` {options.pipeline_parallel_size} is above the model's {shape.layers} layers"
    if options.max_model_len and shape.longest and options.max_model_len > shape.longest:
        yield f"`max_model_len` {options.max_model_len} is above the model's own {shape.longest}"
    if options.enable_expert_parallel and not shape.experts:
        yield "`enable_expert_parallel` needs a model with experts; this one is dense"
