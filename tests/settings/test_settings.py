"""The settings file: what it may hold, where it is looked for, and what it may not do."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise import settings
from branchwise.models.model_options import ModelOptions, merged, model_options
from branchwise.settings.schema import ChosenModel
from branchwise.store.errors import BadInput

FAST = """
store = "runs.sqlite"
model = "fast"
[models.fast]
use = "openai-compatible:gpt"
base_url = "http://localhost:8000/v1"
max_tokens = 4000
temperature = { verifier = 1 }
api_key_env = "TEAM_KEY"
[prices]
"openai-compatible:gpt" = [1, 2.5]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, and a person without settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("BRANCHWISE_CONFIG", raising=False)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def own(text: str) -> None:
    settings.user_file().parent.mkdir(parents=True, exist_ok=True)
    settings.user_file().write_text(text, encoding="utf-8")


def here(text: str) -> None:
    Path(settings.FILE).write_text(text, encoding="utf-8")


def test_without_a_file_the_embedded_model_is_meant() -> None:
    assert settings.load().model() == ChosenModel(spec="embedded")


def test_a_name_of_the_file_stands_for_a_model_with_its_options_and_price() -> None:
    here(FAST)
    chosen = settings.load().model()
    assert (chosen.spec, chosen.base_url) == ("openai-compatible:gpt", "http://localhost:8000/v1")
    assert chosen.options == ModelOptions(
        max_tokens=4000, temperature={"verifier": 1.0}, api_key_env="TEAM_KEY", price=(1.0, 2.5)
    )
    assert settings.load().store == "runs.sqlite"


def test_what_a_person_says_goes_before_the_file() -> None:
    here(FAST)
    said = ModelOptions(max_tokens=9, temperature={"generator": 0.5})
    chosen = settings.load().model("fast", base_url="http://other/v1", options=said)
    assert chosen.base_url == "http://other/v1"
    assert chosen.options.max_tokens == 9
    assert chosen.options.temperature == {"verifier": 1.0, "generator": 0.5}


def test_the_folders_file_adds_to_the_persons_own_and_replaces_what_has_the_same_name() -> None:
    own('store = "own.sqlite"\n[models.a]\nuse = "uniform"\n[models.b]\nuse = "uniform"')
    here('[models.b]\nuse = "embedded"')
    found = settings.load()
    assert found.store == "own.sqlite"
    assert {name: entry.use for name, entry in found.models.items()} == {"a": "uniform", "b": "embedded"}


def test_a_file_that_is_named_is_the_only_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own('store = "own.sqlite"')
    here('model = "uniform"')
    (tmp_path / "named.toml").write_text('model = "embedded:x"', encoding="utf-8")
    for found in (settings.load(tmp_path / "named.toml"),):
        assert (found.default_model, found.store) == ("embedded:x", None)
    monkeypatch.setenv("BRANCHWISE_CONFIG", str(tmp_path / "named.toml"))
    assert settings.load().default_model == "embedded:x"


def test_a_folder_cannot_hand_out_keys_unless_it_is_named() -> None:
    here('[keys]\nOPENAI_API_KEY = ["evil.example"]')
    with pytest.raises(BadInput, match="only from your own file"):
        settings.load()
    assert settings.load(Path(settings.FILE)).hosts() == {"evil.example"}


def test_hosts_of_a_key_are_those_listed_and_those_of_models_that_name_it() -> None:
    own(f'{FAST}\n[keys]\nTEAM_KEY = ["api.example"]\nOPENAI_API_KEY = ["api.openai.com"]')
    found = settings.load()
    assert found.hosts("TEAM_KEY") == {"api.example", "localhost"}
    assert found.hosts() == {"api.openai.com"}


def test_a_model_in_a_folders_file_earns_its_host_no_key() -> None:
    here(FAST)
    assert settings.load().hosts("TEAM_KEY") == frozenset()


def test_a_folder_cannot_send_a_key_to_a_server_of_its_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    here('[models.fast]\nuse = "openai-compatible:m"\nbase_url = "http://evil.example/v1"')
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-the-persons-own")
    with pytest.raises(BadInput, match=r"would send the key in \$OPENAI_API_KEY to `evil.example`"):
        settings.load().model("fast")
    assert settings.load().model("fast", base_url="http://evil.example/v1").base_url
    own('[keys]\nOPENAI_API_KEY = ["evil.example"]')
    assert settings.load().model("fast").base_url == "http://evil.example/v1"
    own("")
    monkeypatch.delenv("OPENAI_API_KEY")
    assert settings.load().model("fast").base_url == "http://evil.example/v1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('modle = "x"', "Did you mean `model`"),
        ('[tools.files]\ncommand = ["sh"]', "taken only from your own file"),
        ('[models.a]\nuse = "uniform"\nmax_token = 3', "Did you mean `max_tokens`"),
        ("model = 3", "valid string"),
        ("store = 1979-05-27", "dates and times"),
        ("[prices]\na = [1]", "`prices.a"),
        ("[prices]\na = [1, -1]", "`prices.a"),
        ('[models.a]\nuse = "uniform"\nmax_tokens = 0', "greater than 0"),
        ('[models.a]\nuse = "uniform"\nmax_tokens = "9"', "valid integer"),
        ('[models.a]\nuse = "uniform"\ntemperature = 99', "less than or equal to 10"),
        ('[models.a]\nuse = "uniform"\ntemperature = { judge = 1 }', "no agent `judge`"),
        ('[models.a]\nuse = "uniform"\nheaders = { Authorization = "Bearer x" }', "api_key_env"),
        ('[models.a]\nuse = "uniform"\nheaders = { X-A = "a\\r\\nB: c" }', "HTTP does not allow"),
        ('[models.a]\nuse = "uniform"\nextra_body = { n = 3 }', "cannot replace `n`"),
        ('[models.a]\nuse = "uniform"\napi_key_env = "sk-12345"', "never the key itself"),
        ('[models.a]\nuse = "a"', "names a model itself"),
        ("x", "is not TOML"),
        ("a = " + "[" * 5_000, "is not TOML"),
    ],
)
def test_what_a_file_must_not_hold_is_refused_with_its_place(text: str, said: str) -> None:
    here(text)
    with pytest.raises(BadInput, match=said) as refused:
        settings.load()
    assert settings.FILE in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.toml` cannot be read"):
        settings.load(tmp_path / "nowhere.toml")


@given(st.binary(max_size=300))
def test_any_bytes_are_settings_or_are_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    with suppress(BadInput):
        settings.load(path)


OPTIONS = st.builds(
    ModelOptions,
    max_tokens=st.none() | st.integers(1, 99),
    temperature=st.none()
    | st.floats(0, 10)
    | st.dictionaries(st.sampled_from(["verifier", "generator"]), st.floats(0, 10)),
    headers=st.dictionaries(st.sampled_from(["X-A", "X-B"]), st.text("abc")),
    timeout=st.none() | st.floats(1, 9),
)


@given(OPTIONS)
def test_options_at_their_defaults_change_nothing(options: ModelOptions) -> None:
    assert merged(options, ModelOptions()) == options
    assert merged(ModelOptions(), options) == options


@pytest.mark.parametrize(
    "wrong", [{"temp": 1}, {"max_tokens": True}, {"price": (1,)}, {"timeout": float("nan")}]
)
def test_options_that_python_gives_are_checked_alike(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="option"):
        model_options(wrong)


def test_a_file_may_begin_with_a_byte_order_mark() -> None:
    own(f"\ufeff{FAST}")
    assert settings.load().store == "runs.sqlite"
