"""Viewer data of each visited node: its page, how it was restored, and the prompts and replies about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from branchwise.store.records import Json, NodeId
from branchwise.store.rows import CallRecord, Decision

_ASKED = {"act": "asked for the next action", "value": "asked what the page is worth"}


def extras(
    decisions: Sequence[Decision], calls: Sequence[CallRecord] = ()
) -> dict[NodeId, Mapping[str, Json]]:
    """Collect the viewer data from the rows of a run.

    Args:
        decisions: The run's decisions.
        calls: The run's model calls; without them prompts are missing.
    """
    found: dict[NodeId, dict[str, Json]] = {}
    for kind in ("arrival", "commit"):
        for decision in decisions:
            if decision.kind == kind:
                page: Any = decision.payload
                name = decision.key.partition("/")[2]
                found[name] = {key: said for key, said in page.items() if said not in ("", [], None, False)}
                if kind == "commit":
                    found[name]["committed"] = True
    for call in calls:
        if (context := _place(call.key)) is not None:
            name, kind = context
            entry = found.setdefault(name, {})
            asked = f"{_ASKED[kind]}\n\n{_said(call)}"
            entry["prompt"] = f"{entry['prompt']}\n\n\n{asked}" if "prompt" in entry else asked
    return dict(found)


def _place(key: str) -> tuple[NodeId, str] | None:
    parts = key.split("/")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "w" and parts[2] in _ASKED else None


def _said(call: CallRecord) -> str:
    request: Any = call.request
    asked = "\n".join(str(message["content"]) for message in request["messages"])
    reply: Any = call.response
    answers = [str(one["text"]).strip() for one in reply["samples"]] if reply else ["(no reply)"]
    return "\n".join([asked, "", *(f"reply {number}: {text}" for number, text in enumerate(answers, 1))])
