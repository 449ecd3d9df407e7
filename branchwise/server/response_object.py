"""Response objects of /v1/responses."""

from __future__ import annotations

from typing import Any

from branchwise.graphs.search.finalists import Finalist
from branchwise.graphs.search.result import Result
from branchwise.server.refusals import Refusal
from branchwise.server.replies import about
from branchwise.server.response_body import ResponseBody
from branchwise.store.records import Usage
from branchwise.store.rows import RunRecord, Status

PREFIX = "resp_"
OVER = frozenset({Status.DONE, Status.FAILED, Status.CANCELLED})
_STATUSES = {
    Status.QUEUED: "queued",
    Status.RUNNING: "in_progress",
    Status.PAUSED: "in_progress",
    Status.WAITING: "in_progress",
    Status.FAILED: "failed",
    Status.CANCELLED: "cancelled",
}


def response(run_id: str, created: float, status: str, body: ResponseBody | None = None) -> dict[str, Any]:
    """A response without an answer."""
    return {
        "id": f"{PREFIX}{run_id}",
        "object": "response",
        "created_at": int(created),
        "status": status,
        "model": (body.model if body else "") or "branchwise/default",
        "output": [],
        "error": None,
        "incomplete_details": None,
        "instructions": body.instructions if body else None,
        "metadata": (body.metadata if body else None) or {},
        "parallel_tool_calls": True,
        "temperature": body.temperature if body else None,
        "top_p": body.top_p if body else None,
        "tool_choice": (body.tool_choice if body else None) or "auto",
        "tools": (body.tools if body else None) or [],
        "background": bool(body and body.background),
        "previous_response_id": body.previous_response_id if body else None,
        "usage": None,
    }


def pending(run: RunRecord, body: ResponseBody | None = None) -> dict[str, Any]:
    """A response whose run is not done."""
    found = response(run.id, run.created, _STATUSES.get(run.status, "in_progress"), body)
    if run.status is Status.FAILED:
        found["error"] = {"code": "server_error", "message": run.error or "The run failed."}
    return {**found, "background": run.queue is not None}


def failed(run_id: str, created: float, refusal: Refusal, body: ResponseBody | None = None) -> dict[str, Any]:
    """A response whose run ended without an answer that may be given."""
    error = {"code": refusal.code or "server_error", "message": refusal.message}
    return {**response(run_id, created, "failed", body), "error": error}


def answered(
    run: RunRecord, result: Result, answer: Finalist, strategy: str, body: ResponseBody | None = None
) -> dict[str, Any]:
    """A response with its answer."""
    cut = answer.finish == "length"
    found = response(run.id, run.created, "incomplete" if cut else "completed", body)
    return {
        **found,
        "background": run.queue is not None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": _items(run.id, answer, "incomplete" if cut else "completed"),
        "usage": _usage(result.usage, answer.tokens),
        "branchwise": about(result, strategy),
    }


def item_text(output: list[dict[str, Any]]) -> dict[str, Any]:
    """The output items as an assistant's chat message."""
    texts = [part["text"] for item in output if item["type"] == "message" for part in item["content"]]
    calls = [
        {
            "id": item["call_id"],
            "type": "function",
            "function": {"name": item["name"], "arguments": item["arguments"]},
        }
        for item in output
        if item["type"] == "function_call"
    ]
    message: dict[str, Any] = {"role": "assistant", "content": "\n".join(texts)}
    return {**message, "tool_calls": calls} if calls else message


def _items(run_id: str, answer: Finalist, status: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if answer.text or not answer.calls:
        part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
        message = {"type": "message", "id": f"msg_{run_id}", "role": "assistant", "status": status}
        items.append({**message, "content": [part]})
    for number, call in enumerate(answer.calls):
        named = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
        items.append({"type": "function_call", "id": f"fc_{run_id}_{number}", "status": status, **named})
    return items


def _usage(usage: Usage, answer: int) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": max(0, usage.completion_tokens - answer)},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
