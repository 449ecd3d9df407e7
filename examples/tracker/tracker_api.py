"""What the tracker's pages send: everything that writes, and the search of the reports, which only reads."""

from __future__ import annotations

from typing import Any

from tracker_pages import Visit
from tracker_world import LABELS, STATES

_FIELDS = ("title", "body", "priority", "due", "assignee")


def write(visit: Visit, what: str, given: dict[str, Any]) -> object:
    """Do what a page sent, and say what came of it."""
    number = int(given.get("issue", 0))
    own = {"sign-in": _sign_in, "move": _move, "create": _create}.get(what)
    if own is not None:
        return own(visit, number, given)
    match what:
        case "search":
            return visit.rows(
                "select id, title from issues where title like ? order by id", f"%{given['words']}%"
            )
        case "consent":
            visit.rows("update sessions set consent = 1 where id = ?", visit.session)
        case "watch":
            visit.rows("delete from watches where session = ? and issue = ?", visit.session, number)
            if given["on"]:
                visit.rows("insert into watches values (?, ?)", visit.session, number)
        case "set" if given["field"] in _FIELDS:
            visit.rows(f"update issues set {given['field']} = ? where id = ?", given["value"], number)
        case "label" if given["label"] in LABELS:
            visit.rows("insert or ignore into labels values (?, ?)", number, given["label"])
        case "comment" if str(given["words"]).strip():
            visit.rows(
                "insert into comments(issue, user, words) values (?, ?, ?)",
                number,
                visit.user,
                given["words"],
            )
        case "delete":
            visit.rows("delete from issues where id = ?", number)
    return {}


def _sign_in(visit: Visit, _: int, given: dict[str, Any]) -> object:
    name, password = str(given["name"]), str(given["password"])
    if not visit.rows("select 1 from users where name = ? and password = ?", name, password):
        return {"error": "Name or password is wrong."}
    visit.rows("update sessions set user = ? where id = ?", name, visit.session)
    return {}


def _move(visit: Visit, number: int, given: dict[str, Any]) -> object:
    if (state := given["state"]) in STATES:
        last = visit.rows("select coalesce(max(place), 0) + 1 from issues where state = ?", state)[0][0]
        place = given.get("place") or last
        visit.rows("update issues set state = ?, place = ? where id = ?", state, place, number)
        visit.rows("insert into moves(issue, state, place) values (?, ?, ?)", number, state, place)
    return {}


def _create(visit: Visit, _: int, given: dict[str, Any]) -> object:
    title, label = str(given["title"]).strip(), given.get("label")
    if not title:
        return {}
    visit.rows(
        "insert into issues(title, body, state, place, priority, due, assignee) values (?, '', 'Todo', 1000, 3, '', ?)",
        title,
        given["assignee"],
    )
    made = visit.rows("select max(id) from issues")[0][0]
    if label in LABELS:
        visit.rows("insert into labels values (?, ?)", made, label)
    return {"issue": made}
