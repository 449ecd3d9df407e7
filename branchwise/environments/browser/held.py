"""What the browser holds for a page beside its scripts' memory: read in one evaluation, and put back."""

from __future__ import annotations

from typing import TypedDict, cast

from playwright.async_api import Page

_WALK = """
    const walk = function* (root) {
        for (const element of root.querySelectorAll('*')) {
            yield element;
            if (element.shadowRoot) yield* walk(element.shadowRoot);
            if (element.tagName !== 'IFRAME') continue;
            let inner = null;
            try { inner = element.contentDocument; } catch { /* another origin's */ }
            if (inner) yield* walk(inner);
        }
    };
    const placed = () => {
        const counts = new Map(), places = new Map();
        for (const element of walk(document)) {
            const tag = element.localName, nth = counts.get(tag) || 0;
            counts.set(tag, nth + 1);
            places.set(element, `${tag}:${nth}`);
        }
        return places;
    };
    const active = () => {
        let at = document.activeElement;
        for (;;) {
            let inner = null;
            try { inner = at && (at.shadowRoot ? at.shadowRoot.activeElement : at.contentDocument?.activeElement); }
            catch { /* another origin's */ }
            if (!inner || inner === inner.ownerDocument.body) return at;
            at = inner;
        }
    };
"""
"""Elements through open shadow roots and frames of the same origin; a place is a tag and its number."""

_READ = f"""async () => {{ {_WALK}
    const places = placed(), held = {{}}, shut = [];
    const set = (place, what, value) => {{ (held[place] ||= {{}})[what] = value; }};
    for (const [element, place] of places) {{
        const tag = element.localName;
        if (tag === 'input' || tag === 'textarea') {{
            if (element.type === 'file') {{ if (element.files.length) shut.push('a file is chosen'); }}
            else if (element.type === 'checkbox' || element.type === 'radio') {{
                if (element.checked !== element.defaultChecked) set(place, 'checked', element.checked);
            }} else if (element.type !== 'hidden' && element.value !== element.defaultValue) {{
                set(place, element.type === 'password' ? 'password' : 'value', element.value);
            }}
        }} else if (tag === 'select') {{
            const options = [...element.options];
            const first = options.some(o => o.defaultSelected) || element.multiple ? -1 : 0;
            if (options.some((o, at) => o.selected !== (o.defaultSelected || at === first)))
                set(place, 'selected', options.flatMap((o, at) => o.selected ? [at] : []));
        }} else if (tag === 'details' && element.open) set(place, 'open', 'details');
        else if (tag === 'dialog' && element.open) set(place, 'open', element.matches(':modal') ? 'modal' : 'dialog');
        else if (['video', 'audio'].includes(tag) && !element.paused && !element.ended) shut.push('media is playing');
        if (element.popover && element.matches(':popover-open')) set(place, 'open', 'popover');
        const editable = element.isContentEditable && !element.parentElement?.isContentEditable;
        if (editable) set(place, 'html', element.innerHTML);
        if (element.scrollTop || element.scrollLeft)
            set(place, 'scroll', [Math.round(element.scrollLeft), Math.round(element.scrollTop)]);
    }}
    const at = active(), view = at?.ownerDocument.defaultView;
    if (at && at.ownerDocument.body !== at && places.has(at)) {{
        let range = null;
        try {{
            if (typeof at.selectionStart === 'number')
                range = [at.selectionStart, at.selectionEnd, at.selectionDirection];
        }}
        catch {{ /* a kind of field without a selection */ }}
        if (at.isContentEditable && view.getSelection().rangeCount) {{
            const path = node => {{ const steps = [];
                for (; node && node !== at; node = node.parentNode)
                    steps.unshift([...node.parentNode.childNodes].indexOf(node));
                return node === at ? steps : null; }};
            const s = view.getSelection(), from = path(s.anchorNode), to = path(s.focusNode);
            if (from && to) range = [from, s.anchorOffset, to, s.focusOffset];
        }}
        set(places.get(at), 'focus', range);
        if (at.localName.includes('-') && !at.shadowRoot) shut.push('the focus is in a closed shadow root');
    }}
    if (document.fullscreenElement) shut.push('the page fills the screen');
    if (window.opener) shut.push('another window opened this one');
    const entries = globalThis.navigation ? navigation.entries() : [];
    if (entries.filter(one => one.sameDocument).length > 1 || history.state !== null)
        shut.push('its history has entries of the same document');
    const all = store => {{ try {{ return {{...store()}}; }} catch {{ return {{}}; }} }};
    let databases = 0;
    try {{ databases = (await indexedDB.databases()).length; }} catch {{ /* none may be had here */ }}
    return {{ held, shut, databases, session: all(() => sessionStorage), local: all(() => localStorage),
        referrer: document.referrer, state: JSON.stringify(history.state ?? null), name: window.name }};
}}"""

_PUT = f"""held => {{ {_WALK}
    const at = new Map([...placed()].map(([element, place]) => [place, element]));
    const missing = Object.keys(held).filter(place => !at.has(place));
    const each = (what, act) => {{ for (const [place, one] of Object.entries(held))
        if (what in one && at.has(place)) act(at.get(place), one[what]); }};
    each('open', (element, kind) => {{
        if (kind === 'details') element.open = true;
        else if (kind === 'modal') {{ if (!element.open) element.showModal(); }}
        else if (kind === 'dialog') {{ if (!element.open) element.show(); }}
        else element.showPopover();
    }});
    each('value', (element, value) => {{ element.value = value; }});
    each('password', (element, value) => {{ element.value = value; }});
    each('checked', (element, value) => {{ element.checked = value; }});
    each('selected', (element, chosen) => {{
        for (const [n, option] of [...element.options].entries()) option.selected = chosen.includes(n);
    }});
    each('html', (element, html) => {{ if (element.innerHTML !== html) element.innerHTML = html; }});
    each('scroll', (element, [left, top]) => element.scrollTo({{ left, top, behavior: 'instant' }}));
    each('focus', (element, range) => {{
        element.focus({{ preventScroll: true }});
        if (!range) return;
        if (range.length === 3) {{ element.setSelectionRange(...range); return; }}
        const find = path => path.reduce((node, step) => node?.childNodes[step], element);
        const [from, to] = [find(range[0]), find(range[2])];
        if (from && to) element.ownerDocument.defaultView.getSelection().setBaseAndExtent(from, range[1], to, range[3]);
    }});
    return missing;
}}"""

Held = dict[str, dict[str, object]]
"""By place (`input:0`): value, checked, selected, open, html, scroll, focus; only what is not as it was loaded."""


class HeldState(TypedDict):
    """One reading of what the browser holds."""

    held: Held
    shut: list[str]
    """What cannot be put back."""
    databases: int
    """How many the origin has."""
    session: dict[str, str]
    local: dict[str, str]
    referrer: str
    state: str
    """The history entry's own state, as JSON."""
    name: str
    """The window's name."""


async def read_held(page: Page) -> HeldState:
    """Read fields, open parts, scroll positions, focus, selection and storages of the page in front.

    Raises:
        Error: The page went elsewhere or is gone.
    """
    return cast("HeldState", await page.evaluate(_READ))


async def put_back(page: Page, held: Held) -> list[str]:
    """Put `held` back without events, focus and selection last; return the places that are not there.

    Raises:
        Error: The page went elsewhere, or a part refused its state.
    """
    return cast("list[str]", await page.evaluate(_PUT, held))
