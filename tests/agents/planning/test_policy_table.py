import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branchwise.agents.planning.difficulty import NO_BASIS, Difficulty
from branchwise.agents.planning.difficulty_map import DifficultyMap
from branchwise.agents.planning.policy_table import PolicyRow, PolicyTable, RankedStrategy
from branchwise.statistics.beta import Beta
from branchwise.store.errors import BadInput

names = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
knobs = st.dictionaries(
    names, st.one_of(st.integers(-9, 99), st.booleans(), st.floats(-9, 9), st.text(max_size=5)), max_size=3
)
choices = st.builds(RankedStrategy, strategy=names, knobs=knobs, prior=st.floats(0, 1))
table_rows = st.builds(
    PolicyRow,
    bin=st.one_of(st.none(), st.integers(0, 5)),
    tokens=st.integers(1, 10**6),
    choices=st.lists(choices, max_size=3).map(tuple),
    instances=st.integers(0, 999),
)
betas = st.builds(Beta, st.floats(0.1, 99), st.floats(0.1, 99))
maps = st.builds(
    DifficultyMap, signal=st.just("score"), edges=st.just((0.5,)), beliefs=st.tuples(betas, betas)
)
tables = st.builds(
    PolicyTable,
    maps=st.lists(maps, max_size=2).map(tuple),
    prior=st.one_of(st.none(), betas),
    rows=st.lists(table_rows, max_size=5).map(tuple),
    source=st.dictionaries(names, st.text(max_size=9)),
)


def hardness(pass_at_1: float) -> Difficulty:
    return Difficulty(pass_at_1=pass_at_1, low=0, high=1, basis="verified")


def only(strategy: str) -> tuple[RankedStrategy, ...]:
    return (RankedStrategy(strategy=strategy),)


TABLE = PolicyTable(
    edges=(0.5,),
    rows=(
        PolicyRow(bin=0, tokens=100, choices=only("small")),
        PolicyRow(bin=0, tokens=1000, choices=only("large")),
        PolicyRow(bin=1, tokens=100, choices=only("easy")),
        PolicyRow(bin=None, tokens=100, choices=only("unknown")),
    ),
)


@pytest.mark.parametrize(
    ("pass_at_1", "left", "strategy"),
    [
        (0.1, 100, "small"),
        (0.1, 999, "small"),
        (0.1, 1000, "large"),
        (0.1, None, "large"),
        (0.5, 500, "small"),
        (0.51, 500, "easy"),
    ],
)
def test_the_dearest_affordable_row_of_the_bin_answers(
    pass_at_1: float, left: int | None, strategy: str
) -> None:
    assert TABLE.lookup(hardness(pass_at_1), left) == only(strategy)


def test_unknown_difficulty_has_its_own_rows() -> None:
    assert TABLE.lookup(NO_BASIS, 500) == only("unknown")


def test_what_is_not_in_the_table_is_not_invented() -> None:
    assert TABLE.lookup(hardness(0.1), 99) is None
    assert PolicyTable().lookup(hardness(0.1), None) is None


@settings(deadline=None)
@given(tables)
def test_a_table_survives_its_file(table: PolicyTable) -> None:
    assert PolicyTable.loads(table.dumps()) == table


@settings(deadline=None)
@given(tables, st.floats(0, 1), st.one_of(st.none(), st.integers(0, 10**6)))
def test_a_lookup_never_passes_the_budget(table: PolicyTable, pass_at_1: float, left: int | None) -> None:
    found = table.lookup(hardness(pass_at_1), left)
    if found is not None:
        rows = [row for row in table.rows if row.choices == found and row.bin == table.bin(pass_at_1)]
        assert any(left is None or row.tokens <= left for row in rows)


def file(rows: str, more: str = "") -> str:
    return f'{{"version": 1, "edges": [], "source": {{}}, "rows": [{rows}]{more}}}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version": 2, "edges": [], "source": {}, "rows": []}',
        '{"version": 1, "edges": [0.5, 0.4], "source": {}, "rows": []}',
        file('{"bin": 3, "tokens": 1, "instances": 0, "choices": []}'),
        file("", ', "more": 1'),
        file(
            '{"bin": 0, "tokens": 1, "instances": 0,'
            ' "choices": [{"strategy": "../evil", "knobs": {}, "prior": 1}]}'
        ),
    ],
)
def test_refuses_what_is_no_table(text: str) -> None:
    with pytest.raises(BadInput, match="not a policy table"):
        PolicyTable.loads(text)


def test_reads_the_smallest_table() -> None:
    assert PolicyTable.loads(file("")) == PolicyTable(edges=())
