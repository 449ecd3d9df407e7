"""One run as one HTML file: the live page's own parts with the record inside, which asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from branchwise.store.records import Json
from branchwise.ui.record import document
from branchwise.ui.static_files import files

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="page"></div>
<script type="application/json" id="record">{record}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def exported(run_id: str, found: dict[str, Json]) -> str:
    """Write a run's record as a page that opens from disk.

    Args:
        run_id: The run.
        found: Its record.
    """
    # Within the element only its end tag and a comment's beginning mean something to the parser.
    script = _text("page.js").replace("</script", "<\\/script").replace("<!--", "<\\!--")
    style = _text("page.css")
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=escape(f"branchwise run {run_id}"),
        style=style,
        record=document(found),
        script=script,
    )


def _text(name: str) -> str:
    return files()[name][0].decode("utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
