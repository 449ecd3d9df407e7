"""The tracker's server state: one SQLite database a world, and what each of twenty goals demands of it."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

_SCHEMA = """
create table users(name text primary key, password text);
create table sessions(id text primary key, user text, consent integer default 0);
create table issues(id integer primary key, title text, body text, state text, place integer, priority integer,
    due text, assignee text);
create table labels(issue integer, label text, primary key (issue, label));
create table watches(session text, issue integer, primary key (session, issue));
create table comments(id integer primary key, issue integer, user text, words text);
create table visits(session text, user text, path text, consent integer);
create table moves(id integer primary key, issue integer, state text, place integer);
"""
LABELS = ("crash", "docs", "hardware", "slow", "ui")
PEOPLE = ("ada", "bob", "eve")
STATES = ("Todo", "Doing", "Done")
MANY = 120
_TITLES = (
    "Login fails",
    "Start page is slow",
    "Typo in the guide",
    "Crash on save",
    "Dark theme",
    "Printer jams",
)


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a person asks for, and the query that is true when it was done."""

    asked: str
    done: str
    phrases: tuple[str, ...] = ()
    """What has to be typed; a weak policy may be given it."""


def _issue(number: int, holds: str) -> str:
    return f"select count(*) from issues where id = {number} and {holds}"


_SIGNED = "select count(*) from sessions where user = 'ada'"
_TEXT = "replace(replace(replace(body, '<div>', ''), '</div>', ''), '&nbsp;', ' ')"
GOALS: Mapping[str, Goal] = {
    "open": Goal(asked="Open issue 17.", done="select count(*) from visits where path = '/issue/17'"),
    "watch": Goal(
        asked="Watch issue 3.",
        done="select count(*) = 1 and max(issue) = 3 from watches",
    ),
    "banner": Goal(
        asked="Accept the cookies, then open Reports.",
        done="select count(*) from visits where path = '/report' and consent = 1",
    ),
    "sign-in": Goal(
        asked='Sign in as "ada" with the password "loops".', done=_SIGNED, phrases=("ada", "loops")
    ),
    "move": Goal(
        asked='Move the card "Login fails" to Doing.',
        done="select (select state from issues where id = 1) = 'Doing' and count(*) = 1 from moves",
    ),
    "state": Goal(
        asked="Set the state of issue 10 to Done.",
        done="select count(*) = 1 from moves where issue = 10 and state = 'Done'",
    ),
    "priority": Goal(
        asked='Set the priority of issue 5 to "8".',
        done=f"select (select priority from issues where id = 5) = 8 and sum(priority) = {3 * MANY + 5} from issues",
        phrases=("8",),
    ),
    "title": Goal(
        asked='Rename issue 6 to "Printer jams again".',
        done=_issue(6, "title = 'Printer jams again'"),
        phrases=("Printer jams again",),
    ),
    "comment": Goal(
        asked='Comment "Works for me" on issue 12.',
        done="select count(*) = 1 and max(issue) = 12 and max(words) = 'Works for me' from comments",
        phrases=("Works for me",),
    ),
    "label": Goal(
        asked='Add the label "crash" to issue 9 and keep its others.',
        done="select group_concat(label) = 'crash,slow' from (select label from labels where issue = 9 order by label)",
        phrases=("cra", "crash"),
    ),
    "due": Goal(asked="Give issue 4 the due date 2031-03-14.", done=_issue(4, "due = '2031-03-14'")),
    "last": Goal(
        asked="Open the last issue of the list of all issues, by its link there.",
        done=f"select count(*) from visits where path = '/issue/{MANY}'",
    ),
    "filter": Goal(
        asked="In the list of issues filter by the labels crash and ui, and open the only hit.",
        done="select count(*) from visits where path = '/issue/23'",
    ),
    "report": Goal(
        asked='Search the reports for "timeout" and open the second hit.',
        done="select count(*) from visits where path = '/issue/78'",
        phrases=("timeout",),
    ),
    "bold": Goal(
        asked='Make the word "first" in the text of issue 2 bold and save it.',
        done=f"select {_TEXT} in ('The <b>first</b> line.', 'The <strong>first</strong> line.') "
        "from issues where id = 2",
    ),
    "delete": Goal(
        asked="Delete issue 8.",
        done=f"select count(*) = {MANY - 1} and sum(id = 8) = 0 from issues",
    ),
    "create": Goal(
        asked='Create an issue "Printer on fire" with the label "hardware", assigned to bob.',
        done=f"select count(*) = 1 from issues join labels on issue = id where id > {MANY} and "
        "title = 'Printer on fire' and label = 'hardware' and assignee = 'bob'",
        phrases=("Printer on fire", "hardware"),
    ),
    "undo": Goal(
        asked='Move the card "Login fails" to Done, then take that back by Undo.',
        done="select (select state from issues where id = 1) = 'Todo' and group_concat(state) = 'Done,Todo' "
        "from (select state from moves order by id)",
    ),
    "take-over": Goal(
        asked='Sign in as "ada" with the password "loops", and take over all issues of bob that have the label ui.',
        done="select count(*) = 3 and sum(assignee = 'ada') = 3 and (select count(*) from sessions where user = 'ada') "
        "and (select count(*) from issues where assignee = 'ada') = 3 from issues where id in (31, 32, 33)",
        phrases=("ada", "loops"),
    ),
    "all": Goal(
        asked='Sign in as "ada" with the password "loops", create an issue "Scanner offline" with the label '
        '"hardware", give it the priority "7" and the due date 2031-02-03, and set its state to Doing.',
        done=f"select count(*) = 1 and ({_SIGNED}) from issues join labels on issue = id where id > {MANY} and "
        "title = 'Scanner offline' and label = 'hardware' and priority = 7 and due = '2031-02-03' and state = 'Doing'",
        phrases=("ada", "loops", "Scanner offline", "hardware", "7"),
    ),
}
"""In the order of their shortest paths."""


@dataclass(kw_only=True)
class Worlds:
    """All worlds of one server; the world named "" is the live tracker."""

    databases: dict[str, sqlite3.Connection] = field(default_factory=dict)
    fresh: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        self.fresh = _fresh()
        self.databases[""] = self._copied(self.fresh)

    def fork(self, origin: str | None) -> str:
        """Copy a world, or make a fresh one from None; KeyError when there is no such world."""
        name = secrets.token_hex(8)
        self.databases[name] = self._copied(self.fresh if origin is None else self.databases[origin])
        return name

    def drop(self, name: str) -> None:
        """Forget a world; the live one stays."""
        if name and name in self.databases:
            self.databases.pop(name).close()

    def reached(self, name: str, goal: str) -> bool:
        """Whether a goal holds in a world."""
        return bool(self.databases[name].execute(GOALS[goal].done).fetchone()[0])

    @staticmethod
    def _copied(origin: sqlite3.Connection) -> sqlite3.Connection:
        made = sqlite3.connect(":memory:", isolation_level=None)
        origin.backup(made)
        return made


def _fresh() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(_SCHEMA)
    database.execute("insert into users values ('ada', 'loops'), ('bob', 'wire')")
    for number in range(1, MANY + 1):
        title = _TITLES[number - 1] if number <= len(_TITLES) else f"Case {number}"
        if number in {41, 78, 110}:
            title = f"Request {number} ends in a timeout"
        state = "Todo" if number <= 3 else "Done" if number > 6 else "Doing"
        assignee = "bob" if number in {31, 32, 33, 34, 35, 36, 37} else "eve"
        body = "The first line." if number == 2 else f"What happened in {number}."
        row = (number, title, body, state, number, 3, "", assignee)
        database.execute("insert into issues values (?, ?, ?, ?, ?, ?, ?, ?)", row)
    marked = {
        9: ["slow"],
        23: ["crash", "ui"],
        24: ["crash"],
        31: ["ui"],
        32: ["ui"],
        33: ["ui"],
        34: ["docs"],
        50: ["ui"],
    }
    for number, labels in marked.items():
        database.executemany("insert into labels values (?, ?)", [(number, label) for label in labels])
    return database
