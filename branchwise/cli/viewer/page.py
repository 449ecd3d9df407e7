"""A run's tree as one self-contained HTML page."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from branchwise.store.records import Json, Node, NodeId

_PAGE = Path(__file__).with_name("page.html")
_IMAGE = re.compile(r"data:image/(?:png|jpeg|webp);base64,[A-Za-z0-9+/=]*")
_SHOT = re.compile(r"0(?:\.\d+)*-[0-9a-f]+\.jpg")
_KINDS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}


def render(
    run: Mapping[str, Json],
    nodes: Sequence[Node],
    extras: Mapping[NodeId, Mapping[str, Json]] | None = None,
) -> str:
    """Draw a run as a page that opens from disk, works with the keyboard and loads nothing.

    Texts of models and web pages are put in as data: the page writes them as text, never as HTML.

    Args:
        run: Facts shown at the top, for example `id`, `problem`, `status`, `strategy`, `model`, `answer`.
        nodes: The tree, parents before children.
        extras: More for some nodes, by id: `url`, `prompt`, `observation`, `screenshot` (a file or a data
            URI), `restored`; other keys are listed as they are.
    """
    more = extras or {}
    rows = [{**asdict(node), "more": _with_image(more.get(node.id, {}), run.get("id"))} for node in nodes]
    data = json.dumps({"run": dict(run), "nodes": rows}, ensure_ascii=False, default=str)
    # The data must not close the script element that contains it.
    safe = data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    # UTF-8 cannot encode lone surrogates: write them as JSON escapes.
    written = safe.encode("utf-8", "backslashreplace").decode("utf-8")
    return _PAGE.read_text(encoding="utf-8").replace("/*DATA*/null", written, 1)


def _with_image(extra: Mapping[str, Json], run_id: Json) -> dict[str, Json]:
    """Embed the screenshot in the page; a path from a row is read only below the run's own screenshot folder."""
    shot = extra.get("screenshot")
    if not isinstance(shot, str):
        return dict(extra)
    if shot.startswith("data:"):
        return {**extra, "screenshot": shot if _IMAGE.fullmatch(shot) else None}
    file = Path(shot)
    kind = _KINDS.get(file.suffix.lower())
    own = run_id is None or (file.parent.name == run_id and _SHOT.fullmatch(file.name) is not None)
    if kind is None or not own or not file.is_file():
        return {**extra, "screenshot": None, "screenshot missing": shot}
    image = base64.b64encode(file.read_bytes()).decode("ascii")
    return {**extra, "screenshot": f"data:image/{kind};base64,{image}"}
