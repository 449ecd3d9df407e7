"""Each action does what a person would do, and what came of it is compared with what was asked."""

from pathlib import Path
from typing import get_args

import pytest

from branchwise.environments.browser.access import Access
from branchwise.environments.browser.actions import SHOWN_FORMS, Verb
from branchwise.environments.browser.browser import Window, browser
from branchwise.store.errors import BadAction
from tests.environments.browser.conftest import Opener, Site, do, lines

pytestmark = pytest.mark.asyncio(loop_scope="module")

HIDDEN = {
    "of no size": "<label style='position:relative;padding-left:30px'><input type=checkbox "
    "style='position:absolute;opacity:0;width:0;height:0'><span></span>I agree</label>",
    "behind its label": "<style>.c{position:relative;padding-left:1.5rem}.c input{position:absolute;left:0;z-index:-1;"
    "width:1rem;height:1.25rem;opacity:0}.c label{position:relative}.c label::before{content:'';position:absolute;"
    "left:-1.5rem;width:1rem;height:1rem;background:#fff}</style>"
    "<div class=c><input type=checkbox id=k><label for=k>I agree</label></div>",
    "not displayed": "<style>input{display:none}</style><input type=checkbox id=a><label for=a>I agree</label>",
    "with a link in its label": "<style>input{display:none}</style><input type=checkbox id=a aria-label='I agree'>"
    "<label for=a>I agree <a href=/terms>to the long, long terms of all this</a></label>",
    "transparent without a label": "<input type=checkbox aria-label='I agree' style='opacity:0'>",
}


async def test_an_agent_is_shown_a_form_of_every_verb(opened: Opener) -> None:
    session = await opened("<h1>S</h1>")
    assert (await session.observe()).forms == SHOWN_FORMS
    shown = set(SHOWN_FORMS.replace("(or uncheck)", "\nuncheck").replace(",", "\n").split("\n"))
    assert {form.split()[0] for form in shown if form.strip()} == set(get_args(Verb))


@pytest.mark.parametrize("kind", HIDDEN)
async def test_a_styled_box_is_checked_by_the_name_that_is_shown(opened: Opener, kind: str) -> None:
    session = await opened(f"<h1>S</h1>{HIDDEN[kind]}")
    assert 'check checkbox "I agree"' in await lines(session)
    outcome = await do(session, 'check checkbox "I agree"')
    assert '"I agree" [checked]' in outcome.observation.text
    assert await session.page.evaluate("document.querySelector('input').checked") is True
    await do(session, 'check checkbox "I agree"', 'uncheck checkbox "I agree"')
    assert await session.page.evaluate("document.querySelector('input').checked") is False
    await do(session, 'click checkbox "I agree"')
    assert await session.page.evaluate("document.querySelector('input').checked") is True


async def test_cards_for_radios_and_switches_by_aria(opened: Opener) -> None:
    session = await opened(
        "<style>input{display:none}</style><input type=radio name=p id=a><label for=a>Basic</label>"
        '<input type=radio name=p id=b><label for=b>Pro</label><div role=switch tabindex=0 aria-checked=false onclick="'
        "setTimeout(() => this.setAttribute('aria-checked', this.getAttribute('aria-checked') !== 'true'), 99)\">"
        "Wifi</div>"
    )
    await do(session, 'click radio "Pro"', 'check switch "Wifi"')
    text = (await session.observe()).text
    assert 'radio "Pro" [checked]' in text
    assert 'switch "Wifi" [checked]' in text
    with pytest.raises(BadAction, match="another one of its group"):
        await session.read('uncheck radio "Pro"')


async def test_a_box_that_does_not_stay_checked_is_an_error(opened: Opener) -> None:
    session = await opened("<input type=checkbox aria-label=No onclick='return false'>")
    with pytest.raises(BadAction, match="still not checked"):
        await do(session, 'check checkbox "No"')


async def test_several_options_are_chosen(opened: Opener) -> None:
    session = await opened(
        "<select multiple aria-label=Many><option>red<option>green<option>blue<option disabled>black</select>"
        "<select aria-label=One><option>a<option>b</select>"
    )
    chosen = "[...document.querySelector('select').selectedOptions].map(o => o.text).join()"
    await do(session, 'select listbox "Many" option "green"', 'select listbox "Many" option "blue"')
    assert await session.page.evaluate(chosen) == "green,blue"
    await do(session, 'select listbox "Many" option "red" and "blue"')
    assert await session.page.evaluate(chosen) == "red,blue"
    for line, why in (
        ('select listbox "Many" option "black"', "disabled"),
        ('select listbox "Many" option "white"', "no option"),
        ('select combobox "One" option "a" and "b"', "one option only"),
    ):
        with pytest.raises(BadAction, match=why):
            await session.read(line)


async def test_lists_of_the_page_s_own_making_are_opened_and_chosen_from(opened: Opener) -> None:
    session = await opened(
        "<div id=c role=combobox tabindex=0 aria-label=Country aria-expanded=false>none</div>"
        "<ul id=l role=listbox hidden></ul><script>c.onclick = () => setTimeout(() => { l.hidden = false;"
        "l.innerHTML = ['France', 'Spain'].map("
        "one => `<li role=option onclick=\"c.textContent='${one}'; l.hidden=true\">${one}</li>`).join('') }, 150)"
        "</script>"
        "<div role=listbox aria-label=Size><div role=option tabindex=0 "
        "onclick=\"this.setAttribute('aria-selected', true)\">Large</div></div>"
    )
    outcome = await do(session, 'select combobox "Country" option "Spain"')
    assert 'combobox "Country" [collapsed]: Spain' in outcome.observation.text
    with pytest.raises(BadAction, match="it offers `France`, `Spain`"):
        await do(session, 'select combobox "Country" option "Italy"')
    assert 'select listbox "Size" option "Large"' in await lines(session)
    assert (
        '"Large" [selected]' in (await do(session, 'select listbox "Size" option "Large"')).observation.text
    )


async def test_suggestions_that_come_a_moment_after_typing_are_there(opened: Opener) -> None:
    session = await opened(
        "<input aria-label=City autocomplete=off><ul id=l role=listbox></ul><script>"
        "document.querySelector('input').onkeyup = e => setTimeout(() => {"
        "l.innerHTML = `<li role=option onclick=\"document.title = 'chosen'\">${e.target.value}land</li>` }, 200)"
        "</script>"
    )
    outcome = await do(session, 'fill textbox "City" with "Ice"')
    assert 'option "Iceland"' in outcome.observation.text
    assert (await do(session, 'click option "Iceland"')).observation.title == "chosen"


REFUSED = {
    "date in another form": ("<input type=date value=2024-05-01 aria-label=F>", "05/01/2024", "yyyy-mm-dd"),
    "day that is none": ("<input type=date value=2024-05-01 aria-label=F>", "2024-02-30", "yyyy-mm-dd"),
    "date after the last": (
        "<input type=date value=2024-05-01 max=2024-12-31 aria-label=F>",
        "2025-01-01",
        "to 2024-12-31",
    ),
    "time": ("<input type=time value=10:00 aria-label=F>", "5 pm", "hh:mm"),
    "number": ("<input type=number value=3 aria-label=F>", "four", "a number"),
    "number above": ("<input type=number value=3 max=9 aria-label=F>", "10", "to 9"),
    "too long": ("<input maxlength=3 value=abc aria-label=F>", "abcd", "3 characters"),
    "colour": ("<input type=color value=#ff0000 aria-label=F>", "blue", "#rrggbb"),
    "read-only": ("<input readonly value=abc aria-label=F>", "x", "read-only"),
    "put back by a script": (
        "<input value=abc aria-label=F oninput=\"this.value='abc'\">",
        "xyz",
        "still holds",
    ),
    "emptied by a script": ("<input aria-label=F oninput=\"this.value=''\">", "xyz", "empty now"),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_what_a_field_does_not_take_is_an_error_that_says_why(opened: Opener, kind: str) -> None:
    page, text, why = REFUSED[kind]
    session = await opened(page)
    before = await session.page.evaluate("document.querySelector('input').value")
    role = "spinbutton" if "number" in page else "textbox"
    with pytest.raises(BadAction, match=why):
        await do(session, f'fill {role} "F" with "{text}"')
    assert await session.page.evaluate("document.querySelector('input').value") == before


async def test_fields_of_every_kind_are_filled(opened: Opener) -> None:
    kinds = {
        "date": "2024-06-30", "time": "17:05", "datetime-local": "2024-06-30T17:05", "month": "2024-06",
        "week": "2024-W26", "color": "#00ff7f", "range": "70", "number": "-2.5", "email": "a@b.c", "search": "lamp",
    }  # fmt: skip
    roles = {"range": "slider", "number": "spinbutton", "search": "searchbox"}
    session = await opened("".join(f"<input type={kind} aria-label={kind} step=any>" for kind in kinds))
    for kind, text in kinds.items():
        await do(session, f'fill {roles.get(kind, "textbox")} "{kind}" with "{text}"')
    values = "[...document.querySelectorAll('input')].map(one => one.value)"
    assert await session.page.evaluate(values) == list(kinds.values())


async def test_a_field_that_writes_it_otherwise_says_so(opened: Opener) -> None:
    session = await opened(
        "<input aria-label=Phone oninput=\"this.value = this.value.replace(/(\\d{3})(?=\\d)/, '$1-')\">"
    )
    outcome = await do(session, 'fill textbox "Phone" with "555123"')
    assert "made `555-123` of what was filled in" in outcome.observation.text


async def test_a_slider_by_aria_is_set_by_its_keys(opened: Opener) -> None:
    session = await opened(
        '<div role=slider tabindex=0 aria-label=Volume aria-valuemin=0 aria-valuemax=100 aria-valuenow=50 onkeydown="'
        "const way = {ArrowRight: 5, ArrowLeft: -5}[event.key] || 0;"
        "this.setAttribute('aria-valuenow', Number(this.getAttribute('aria-valuenow')) + way)\">x</div>"
    )
    assert 'slider "Volume"' in (await session.observe()).text
    assert ": 80" in (await do(session, 'fill slider "Volume" with "80"')).observation.text
    with pytest.raises(BadAction, match="cannot be set to 33; it holds 35"):
        await do(session, 'fill slider "Volume" with "33"')
    with pytest.raises(BadAction, match="to 100"):
        await do(session, 'fill slider "Volume" with "101"')


async def test_things_are_dragged(opened: Opener) -> None:
    session = await opened(
        "<style>div{width:120px;height:40px}</style><div draggable=true id=a aria-label=Card>Card</div><br>"
        "<div id=z aria-label=Done>Done</div><script>z.ondragover = e => e.preventDefault();"
        "z.ondrop = () => { document.title = 'dropped' }</script>"
    )
    assert 'drag button "Card" to button "Done"' in await lines(session)
    assert (await do(session, 'drag button "Card" to button "Done"')).observation.title == "dropped"
    session = await opened(
        "<div id=b onmousedown='window.held = event.clientX' onmouseup='1' style='width:50px;height:50px'></div>"
        "<script>onmouseup = e => { document.title = String(Math.round(e.clientX - window.held)) }</script>"
    )
    (address,) = [line.removeprefix("click ") for line in await lines(session) if line.startswith("click")]
    assert (await do(session, f"drag {address} by 60 10")).observation.title == "60"


async def test_a_dialog_offers_no_drags_of_its_own_frame(opened: Opener) -> None:
    """jQuery UI's dialog can be moved by its title and resized at eight handles, which hear the mouse come and go."""
    edge = "<div class='edge ui-resizable-handle' style='cursor:n-resize;width:80px;height:9px'>edge</div>"
    session = await opened(
        "<div class='move ui-draggable' style='width:300px;height:200px'>"
        f"<div class=move style='width:200px;height:30px'>Title</div>{edge * 8}<button>OK</button></div>"
        "<script>for (const e of document.querySelectorAll('.move, .edge')) e.addEventListener('mousedown', () => {});"
        "for (const e of document.querySelectorAll('.edge')) e.addEventListener('mouseover', () => {})</script>"
    )
    offered = await lines(session)
    assert 'click button "OK"' in offered
    assert not [line for line in offered if line.startswith(("drag", "hover"))]


async def test_items_of_a_sortable_list_are_dragged_though_the_list_hears_the_mouse(opened: Opener) -> None:
    items = "".join(
        f"<li class=ui-sortable-handle>{name} <span>icon</span></li>" for name in ("One", "Two", "Three")
    )
    session = await opened(
        f"<ul class=ui-sortable id=u>{items}</ul><script>u.addEventListener('mousedown', () => {{}});"
        "document.querySelector('li').addEventListener('click', () => {})</script>"
    )
    offered = await lines(session)
    dragged = [line for line in offered if line.startswith("drag")]
    assert len(dragged) == 6
    assert [line for line in offered if line.startswith("click") and "One" in line], (
        "the first one hears clicks too"
    )
    assert all("One" in line or "Two" in line or "Three" in line for line in dragged)


async def test_keys_text_and_waiting(opened: Opener) -> None:
    session = await opened(
        "<textarea aria-label=T></textarea><pre id=p></pre><script>onkeydown = e => { p.textContent += e.key };"
        "setTimeout(() => { document.body.append('late news') }, 1500)</script>"
    )
    assert "late news" in (await do(session, "wait")).observation.text
    await do(session, 'type "ab"')
    assert await session.page.evaluate("p.textContent") == "ab"
    await do(session, 'fill textbox "T" with "word"', "press Control+A", 'type "other"')
    assert await session.page.evaluate("document.querySelector('textarea').value") == "other"
    assert "nothing scrolled" in (await do(session, "scroll down")).observation.text


async def test_text_is_selected(opened: Opener) -> None:
    session = await opened(
        "<p>One <b>two</b> three.</p><p>Four five</p><input value='in a field' aria-label=F>"
    )
    await do(session, 'highlight "two three"')
    assert await session.page.evaluate("String(getSelection())") == "two three"
    await do(session, 'highlight "a field"')
    assert await session.page.evaluate("document.querySelector('input').selectionStart") == 3
    with pytest.raises(BadAction, match="not on the page"):
        await do(session, 'highlight "six"')


async def test_a_place_in_a_picture_is_clicked(opened: Opener) -> None:
    session = await opened(
        "<canvas width=200 height=100 onclick='document.title = `${event.offsetX},${event.offsetY}`'></canvas>"
    )
    assert (await do(session, "click canvas at 25% 50%")).observation.title == "50,50"
    with pytest.raises(BadAction, match="0% to 100%"):
        await session.read("click canvas at 120% 50%")


async def test_hovering_is_offered_where_it_does_something(opened: Opener) -> None:
    session = await opened(
        "<div id=m>Menu</div><div id=s hidden><a href=/x>Entry</a></div><script>"
        "m.addEventListener('mouseenter', () => { s.hidden = false })</script>"
    )
    (line,) = [one for one in await lines(session) if one.startswith("hover")]
    assert 'link "Entry"' in (await do(session, line)).observation.text


async def test_only_allowed_files_are_uploaded(site: Site, executable: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("no", encoding="utf-8")
    site.pages["/"] = (
        "<label>Attach<input type=file hidden onchange='document.title = this.files[0].name'></label>"
        "<button onclick=\"document.querySelector('input').click()\">Choose</button><button>Nothing</button>"
    )
    access = Access(files={"notes.txt": tmp_path / "notes.txt"})
    chrome = browser(site.url, access=access, window=Window(executable_path=executable))
    for address in ('button "Attach"', 'button "Choose"'):
        session = await chrome.reset()
        outcome = await do(session, f'upload {address} file "notes.txt"')
        assert outcome.observation.title == "notes.txt"
    for line, why in (
        ('upload button "Attach" file "secret.txt"', "may be uploaded are: `notes.txt`"),
        ('upload button "Nothing" file "notes.txt"', "asked for no file"),
    ):
        with pytest.raises(BadAction, match=why):
            await do(session, line)
    await chrome.aclose()


async def test_a_failed_click_says_what_covers_it(opened: Opener) -> None:
    session = await opened(
        "<button>Go</button><div role=dialog aria-label=Cookies style='position:fixed;inset:0;background:#fff'>"
        "We use cookies <button onclick='this.parentElement.remove()'>Fine</button></div>"
    )
    assert 'button "Go" (behind dialog "Cookies")' in (await session.observe()).text
    assert (await lines(session))[-1] == 'click button "Go"'
    with pytest.raises(BadAction, match='behind dialog "Cookies"'):
        await do(session, 'click button "Go"')
    await do(session, 'click button "Fine"', 'click button "Go"')


async def test_what_is_half_covered_is_pressed_where_it_is_free(opened: Opener) -> None:
    session = await opened(
        "<button style='position:absolute;left:0;top:0;width:200px' onclick='document.title = 1'>Wide</button>"
        "<div style='position:absolute;left:60px;top:0;width:140px;height:60px;background:#eee'>over</div>"
    )
    assert "behind" not in (await session.observe()).text
    assert (await do(session, 'click button "Wide"')).observation.title == "1"
