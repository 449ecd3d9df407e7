import subprocess
import sys

import pytest

from branchwise import models
from branchwise.models.protocol import Capabilities, Message, OutputFormat, SampleRequest
from branchwise.models.require import require
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput, ModelError, UnknownName, Unsupported

ASK = (Message(role="user", content="hello"),)


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean `litellm`"):
        models.load("litelm:gpt")


@pytest.mark.parametrize("spec", ["openai-compatible", "openai-compatible:", "litellm:"])
def test_a_name_is_needed(spec: str) -> None:
    with pytest.raises(BadInput, match="NAME"):
        models.load(spec)


def test_an_unknown_option_is_bad_input() -> None:
    with pytest.raises(BadInput, match="colour"):
        models.load("openai-compatible:m", base_url="http://localhost:1/v1", colour="red")


def test_importing_loads_no_engine() -> None:
    program = (
        "import sys, branchwise.models, branchwise.models.recorded\n"
        "print(sorted({'litellm', 'xllamacpp', 'openai', 'aiohttp', 'llama_cpp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_model_in_this_process_needs_no_check() -> None:
    await models.check(scripted(["a"]))


async def test_a_models_own_check_is_called() -> None:
    class Far:
        name = "far:away"
        capabilities = Capabilities()

        async def sample(self, request: SampleRequest) -> None: ...

        async def aclose(self) -> None: ...

        async def check(self) -> None:
            raise ModelError("gone")

    with pytest.raises(ModelError, match="gone"):
        await models.check(Far())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "lack"),
    [
        (SampleRequest(messages=ASK, prefix="p"), "continuing a partial reply"),
        (SampleRequest(messages=ASK, output_format=OutputFormat(choices=("a",))), "choices"),
        (SampleRequest(messages=ASK, output_format=OutputFormat(regex="a")), "regular expressions"),
        (SampleRequest(messages=ASK, output_format=OutputFormat(schema={})), "JSON schemas"),
        (SampleRequest(messages=ASK, logprobs=True), "log-probabilities"),
    ],
)
def test_what_lacks_is_named(request_: SampleRequest, lack: str) -> None:
    require(scripted(["a"]), request_)
    with pytest.raises(Unsupported, match=f"`scripted:script` lacks {lack}"):
        require(scripted(["a"], capabilities=Capabilities()), request_)
