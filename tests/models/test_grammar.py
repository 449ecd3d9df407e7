import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.models.grammar import choices_grammar, plain, regex_grammar
from branchwise.store.errors import Unsupported

ALPHABET = 'ab1 -]^\\"\n'
pieces = st.sampled_from(["a", "b", "1", " ", "-", r"\]", r"\^", r"\\", '"', r"\n", ".", r"\d", r"\w", r"\s", r"\S",
                          "[ab]", "[^a]", "[a-b1]", r"[\]^-]", r"[\d\s]", r"[^\s\\]", "[^-]"])  # fmt: skip
patterns = st.recursive(
    pieces,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: f"({'|'.join(some)})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{1,2}", "{2,}", "{,2}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


HEAD = "%llguidance {}\nstart: /(?:"


def accepts(grammar: str, text: str) -> bool:
    """Whether the grammar's one terminal matches; its escapes are rewritten to Python's."""
    assert grammar.startswith(HEAD)
    assert grammar.endswith(")/")
    expression = grammar[len(HEAD) : -2]
    assert re.fullmatch(r"[A-Za-z0-9()?:|{},\[\]^\\-]*", expression)
    python = re.sub(r"\\x\{([0-9A-F]+)\}", lambda found: f"\\U{int(found[1], 16):08x}", expression)
    return bool(re.fullmatch(python, text))


@given(patterns, st.text(ALPHABET, max_size=5))
def test_a_grammar_accepts_what_the_pattern_matches(pattern: str, text: str) -> None:
    assert accepts(regex_grammar(pattern), text) == bool(re.fullmatch(pattern, text))


@given(st.data())
def test_a_grammar_accepts_samples_of_the_pattern(data: st.DataObject) -> None:
    pattern = data.draw(patterns)
    text = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=st.sampled_from(ALPHABET)))
    assert accepts(regex_grammar(pattern), text)


@given(patterns, st.text(max_size=3))
def test_a_grammar_never_allows_more_than_the_pattern(pattern: str, text: str) -> None:
    if accepts(regex_grammar(pattern), text):
        assert re.fullmatch(pattern, text)


@given(st.lists(st.text(max_size=6), min_size=1, max_size=5), st.text(max_size=6))
def test_choices_accept_themselves_and_nothing_else(choices: list[str], other: str) -> None:
    grammar = choices_grammar(choices)
    assert all(accepts(grammar, choice) for choice in choices)
    assert accepts(grammar, other) == (other in choices)


def test_python_and_the_grammar_agree_on_white_space() -> None:
    for code in range(0x110000):
        if bool(re.fullmatch(r"\s", chr(code))) == accepts_class(chr(code)):
            pytest.fail(f"{code:x}")


def accepts_class(character: str) -> bool:
    return _VISIBLE.fullmatch(character) is not None


_VISIBLE = re.compile(
    re.sub(r"\\x\{([0-9A-F]+)\}", lambda found: f"\\U{int(found[1], 16):08x}", plain(r"\S"))
)


@pytest.mark.parametrize(
    "pattern",
    ["^a", "a$", r"\bа", "(?=a)", r"(a)\1", "(?i)a", "(?i:a)", "(?s).", r"\D", r"[^\d]", "(", "a{2,1}"],
)
def test_what_cannot_constrain_decoding_is_refused(pattern: str) -> None:
    with pytest.raises(Unsupported, match="regular expression"):
        regex_grammar(pattern)
