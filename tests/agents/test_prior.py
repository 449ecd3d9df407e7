"""The free prior: what it prefers, and that it only orders."""

import random

import pytest

from branchwise.agents.prior import ranked

FORM = [
    'click button "Cancel"',
    'click button "Submit"',
    'fill textbox "Password" with "ada"',
    'fill textbox "Password" with "loops"',
    'fill textbox "Name" with "ada"',
    'fill textbox "Name" with "loops"',
    "scroll down",
]
GOAL = 'Enter the name "ada" and the password "loops", then submit.'


@pytest.mark.parametrize(
    ("done", "next_"),
    [
        ([], {'fill textbox "Name" with "ada"', 'fill textbox "Password" with "loops"'}),
        (['fill textbox "Name" with "ada"'], {'fill textbox "Password" with "loops"'}),
        (
            ['fill textbox "Name" with "ada"', 'fill textbox "Password" with "loops"'],
            {'click button "Submit"'},
        ),
    ],
)
def test_fields_come_before_the_button_that_sends_them(done: list[str], next_: set[str]) -> None:
    assert ranked(GOAL, FORM, done)[0] in next_


def test_words_of_the_goal_come_first_and_what_leaves_comes_late() -> None:
    lines = ['click link "Chairs"', 'click link "Red lamps"', 'click button "Close"', 'click link "Lamp oil"']
    found = ranked("Find a red lamp.", lines, [])
    assert (found[0], found[-1]) == ('click link "Red lamps"', 'click button "Close"')
    assert ranked("Close the window.", lines, [])[0] == 'click button "Close"'


def test_it_orders_and_neither_adds_nor_drops() -> None:
    chance = random.Random(7)
    for _ in range(50):
        lines = chance.sample(FORM, k=chance.randint(0, len(FORM)))
        done = chance.sample(FORM, k=2)
        assert sorted(ranked(GOAL, lines, done)) == sorted(lines)
    # Without any sign the page's order stands.
    assert ranked("?", ['click link "b"', 'click link "a"'], []) == ['click link "b"', 'click link "a"']
