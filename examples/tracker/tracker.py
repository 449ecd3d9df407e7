"""An issue tracker on loopback, with what ordinary sites do to an agent; one SQLite world for each branch of a search.

python examples/tracker/tracker.py --port 8000

Sign-in in a shadow root, cards that are dragged, an endless list in a scroller of its own, filters in the address,
rich text, suggestions, a calendar, a dialog, a popup that closes itself, a search by POST, a banner, a clock.
Worlds are made and judged as in examples/shop: `/_worlds`, the header X-World, `/_worlds/goals`.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import secrets
from pathlib import Path

from aiohttp import web
from tracker_api import write
from tracker_pages import WORLDS, Visit, options, suggested
from tracker_world import GOALS, LABELS, PEOPLE, STATES, Worlds

HERE = Path(__file__).parent
TOKEN = web.AppKey("TOKEN", str)
routes = web.RouteTableDef()


@routes.get("/")
async def board(request: web.Request) -> web.Response:
    """Show the first cards of each column."""
    visit = Visit(request)
    columns = []
    for state in STATES:
        cards = visit.rows("select id, title from issues where state = ? order by place limit 5", state)
        items = "".join(
            f"<li draggable=true data-issue={number}>{html.escape(title)}</li>" for number, title in cards
        )
        columns.append(
            f"<section aria-label={state} data-state={state}><h2>{state}</h2><ul>{items}</ul></section>"
        )
    return visit.page("Board", f"<div id=board>{''.join(columns)}</div><button id=undo>Undo</button>", "/")


@routes.get("/issues")
async def issues(request: web.Request) -> web.Response:
    """Show the list, which the script fills while it is scrolled; filters stand in the fragment."""
    boxes = "".join(
        f"<label><input type=checkbox name=label value={one}><i></i>{one}</label>" for one in LABELS
    )
    body = f"<fieldset id=filters><legend>Labels</legend>{boxes}</fieldset><ul id=feed tabindex=0 aria-label=Feed></ul>"
    return Visit(request).page("Issues", body, "/issues")


@routes.get("/issue/{id:\\d+}")
async def issue(request: web.Request) -> web.Response:
    """Show one issue."""
    visit, number = Visit(request), int(request.match_info["id"])
    found = visit.rows("select title, body, state, priority, due, assignee from issues where id = ?", number)
    if not found:
        raise web.HTTPNotFound(text="no such issue")
    title, text, state, priority, due, assignee = found[0]
    labels = [
        label for (label,) in visit.rows("select label from labels where issue = ? order by label", number)
    ]
    watched = bool(visit.rows("select 1 from watches where session = ? and issue = ?", visit.session, number))
    said = visit.rows("select words from comments where issue = ?", number)
    body = (
        f"<article data-issue={number}><label>Title <input name=title value='{html.escape(title, quote=True)}'></label>"
        "<button data-save=title>Save title</button>"
        f"<label class=switch><input type=checkbox role=switch id=watch{' checked' if watched else ''}><i></i>Watch"
        "</label>"
        f"<label>State <select name=state>{options(STATES, state)}</select></label>"
        f"<label>Assignee <select name=assignee>{options(PEOPLE, assignee)}</select></label>"
        f"<label>Priority <input type=range name=priority min=1 max=9 value={priority}></label>"
        f"<p>Due: <button id=due aria-haspopup=dialog>{due or 'no date'}</button></p>"
        "<div id=calendar role=dialog aria-label=Calendar hidden></div>"
        f"<p>Labels: <span id=labels>{', '.join(labels) or 'none'}</span></p>{suggested('issue')}"
        "<div role=toolbar><button data-bold>Bold</button></div>"
        f"<div id=body contenteditable role=textbox aria-label=Text>{text}</div>"
        "<button data-save=body>Save text</button>"
        f"<h2>Comments</h2><ul>{''.join(f'<li>{html.escape(words)}</li>' for (words,) in said)}</ul>"
        "<label>Comment <textarea id=words></textarea></label><button id=comment>Send comment</button>"
        "<button id=delete>Delete issue</button></article>"
    )
    return visit.page(f"Issue {number}", body, f"/issue/{number}")


@routes.get("/report")
async def report(request: web.Request) -> web.Response:
    """Ask for words; the search is a POST that only reads."""
    body = "<label>Words <input id=asked></label><button id=ask>Search reports</button><ol id=hits></ol>"
    return Visit(request).page("Reports", body, "/report")


@routes.get("/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    """Ask who it is, in a component of its own."""
    return Visit(request).page("Sign in", "<sign-in></sign-in>", "/sign-in")


@routes.get("/confirm/{id:\\d+}")
async def confirm(request: web.Request) -> web.Response:
    """The popup that asks once more."""
    number = request.match_info["id"]
    body = f"<title>Sure?</title><p>Delete issue {number}?</p><button id=yes>Yes, delete</button><button id=no>No"
    text = f"<!doctype html>{body}</button><script src=/tracker.js></script>"
    return web.Response(text=text, content_type="text/html")


@routes.get("/tracker.{kind:js|css}")
async def file(request: web.Request) -> web.Response:
    """The script and the style."""
    kind = request.match_info["kind"]
    text = (HERE / f"tracker.{kind}").read_text(encoding="utf-8")
    return web.Response(text=text, content_type="text/javascript" if kind == "js" else "text/css")


@routes.get("/api/issues")
async def some(request: web.Request) -> web.Response:
    """Forty issues from a number on, with all of some labels."""
    visit = Visit(request)
    wanted = [one for one in request.query.get("labels", "").split(",") if one in LABELS]
    rows = visit.rows(
        "select id, title from issues where id > ? order by id", int(request.query.get("after", 0))
    )
    for label in wanted:
        marked = {number for (number,) in visit.rows("select issue from labels where label = ?", label)}
        rows = [row for row in rows if row[0] in marked]
    return web.json_response(rows[:40])


@routes.post("/api/{what}")
async def api(request: web.Request) -> web.Response:
    """Everything that a page sends."""
    visit, given = Visit(request), await request.json()
    made = write(visit, request.match_info["what"], given)
    response = web.json_response(made)
    response.set_cookie("session", visit.session, httponly=True, samesite="Lax")
    return response


def _trusted(request: web.Request) -> Worlds:
    if not secrets.compare_digest(request.headers.get("Authorization", ""), f"Bearer {request.app[TOKEN]}"):
        raise web.HTTPForbidden(text="wrong token")
    return request.app[WORLDS]


@routes.post("/_worlds")
async def fork(request: web.Request) -> web.Response:
    """Fork the world `?from=`, or make a fresh one."""
    try:
        return web.json_response({"world": _trusted(request).fork(request.query.get("from"))})
    except KeyError:
        raise web.HTTPNotFound(text="no such world") from None


@routes.delete("/_worlds/{world}")
async def drop(request: web.Request) -> web.Response:
    """Forget a world."""
    _trusted(request).drop(request.match_info["world"])
    return web.Response(status=204)


@routes.get("/_worlds/goals")
async def goals(request: web.Request) -> web.Response:
    """Which goals hold in the world that the request names."""
    worlds, world = _trusted(request), request.headers.get("X-World", "")
    return web.json_response({name: worlds.reached(world, name) for name in GOALS})


async def serve(port: int, token: str) -> None:
    """Serve, and print the address and the token as one line of JSON."""
    app = web.Application()
    app[WORLDS], app[TOKEN] = Worlds(), token
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(json.dumps({"url": f"http://127.0.0.1:{runner.addresses[0][1]}/", "token": token}), flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Serve on loopback until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="0 picks a free one")
    parser.add_argument("--token", default="", help="for /_worlds; made up when empty")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.token or secrets.token_urlsafe()))


if __name__ == "__main__":
    main()
