"""`branchwise runs` and `branchwise show`: print runs of the store as text or JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Column, Table

from branchwise.cli.console import Terminal, out
from branchwise.cli.rows import WHY, OutputRow, money, row_of, short
from branchwise.cli.tracing import trace
from branchwise.cli.viewer.text import text
from branchwise.graphs.runtime.answer import open_questions
from branchwise.graphs.search.result import Result
from branchwise.graphs.web.viewer_data import extras
from branchwise.models.pool import registry as state
from branchwise.serving.idealised import Idealised
from branchwise.serving.measurements import StoredMeasurements, of_model
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Usage, VerifiedBy
from branchwise.store.store import Decision, RunRecord, Status, Store

_WIDEST, _LONG = 40, 500
"""Characters of a problem or an answer, in the list of runs and for one run."""


async def list_runs(url: str | None, *, status: str | None = None, as_json: bool) -> None:
    """Print the runs, newest first."""
    if status is not None and status not in set(Status):
        raise UnknownName("status", status, list(Status))
    async with Store.opened(url) as store:
        rows = [one for one in await store.runs(status=status) if one.parent is None]
        lines = [] if as_json else [await row_of(store, one) for one in rows]
    if as_json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    whole = (Column(name, no_wrap=True) for name in ("run", "status"))
    more = ("task", "strategy", "model", "problem", "answer", "checked by", "cost", "why", "began")
    table = Table(*whole, *more, box=None, pad_edge=False)
    for row, line in zip(rows, lines, strict=True):
        said = (
            line["problem"],
            line["answer"],
            line["verified_by"],
            money(line["cost"]),
            row.error or line["why"],
        )
        shown = (short(one, _WIDEST) for one in said)
        table.add_row(row.id, row.status, row.task, row.strategy, row.model, *shown, _minute(row.created))
    out().print(table)


def _minute(at: float) -> str:
    """Format a database time in the local time zone; a damaged row may hold an impossible one."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
    except (OverflowError, ValueError, OSError):
        return "?"


async def find_run(run_id: str, url: str | None) -> RunRecord:
    """Find a run by its id, a part of it, or "last".

    Raises:
        BadInput: There is none.
    """
    async with Store.opened(url) as store:
        if run_id != "last":
            return await store.run(run_id)
        newest = await store.runs(limit=1)
        if not newest:
            raise BadInput("There are no runs yet.")
        return newest[0]


async def show_run(run_id: str, url: str | None, *, why: bool, as_json: bool) -> None:
    """Print one run."""
    async with Store.opened(url) as store:
        run = await store.run(run_id)
        tree = await store.nodes(run_id)
        decisions = await store.decisions(run_id)
        usage = await store.usage(run.id, below=True)
        calls = await store.calls(run.id)
        children = await store.below(run.id)
        line = await row_of(store, run)
    if as_json:
        nodes = [asdict(node) for node in tree]
        chosen = [asdict(decision) for decision in decisions]
        seconds = {kept.device: fit.of(usage) for kept, fit in _fits(run.model)}
        more = {
            "usage": asdict(usage),
            "idealised_seconds": seconds,
            "nodes": nodes,
            "decisions": chosen,
            "calls": [asdict(call) for call in calls],
            "subruns": children,
        }
        print(json.dumps({**asdict(run), **more}))
        return
    page = out()
    page.print(f"run {run.id}: {run.status}, {_about(run)}", soft_wrap=True)
    if problem := line["problem"]:
        page.print(f"problem: {short(problem, _LONG)}", soft_wrap=True)
    searched = run.workflow in {None, "solve", "web"}
    page.print(text(list(tree), extras(decisions)) if searched else trace(calls, decisions))
    for child in children:
        page.print(f"sub-run: branchwise show {child}", style="dim")
    print_state(page, run)
    _print_end(page, line)
    if why:
        for decision in decisions:
            print_decision(page, decision)
    print_bill(page, usage)
    for kept, fit in _fits(run.model):
        page.print(f"idealised: {fit.of(usage):,.1f} s, its calls one after another on {kept.device}")


def _print_end(page: Terminal, line: OutputRow) -> None:
    """Print the answer, what verified it, and why the run stopped or what it waits for."""
    if line["answer"] is not None and line["solved"] is not None:
        word = "answer" if line["solved"] else "best answer, not accepted"
        page.print(f"{word}: {short(line['answer'], _LONG)}", soft_wrap=True)
        page.print(f"{_VOUCHED.get(str(line['verified_by']), 'not checked')}; {line['why']}", soft_wrap=True)
    elif line["why"]:
        page.print(f"stopped: {line['why']}", soft_wrap=True)
    if line["expected"] is not None:
        word = "as expected" if line["right"] else "not as expected"
        page.print(f"{word}: {short(line['expected'], _LONG)}", soft_wrap=True)


def _about(run: RunRecord) -> str:
    if run.workflow in {None, "solve", "web"}:
        return f"task {run.task}, strategy {run.strategy}, model {run.model}"
    return f"workflow {run.workflow}, model {run.model}"


def print_state(out: Terminal, run: RunRecord) -> None:
    """Print what a run waits for, why it stopped, or the output of a workflow."""
    for one in open_questions(run):
        asked = json.dumps(one.question, ensure_ascii=False)
        out.print(f"{one.key} asks: {asked}", style="yellow", soft_wrap=True)
    if run.error:
        out.print(f"error: {run.error}", style="red", soft_wrap=True)
    if run.status is Status.DONE and run.workflow not in {None, "solve", "web"}:
        output = run.result.get("output") if isinstance(run.result, Mapping) else run.result
        out.print(f"output: {json.dumps(output, ensure_ascii=False)}", soft_wrap=True)


def _fits(model: str) -> list[tuple[StoredMeasurements, Idealised]]:
    """The call times that `branchwise pool estimate` fitted for a model, in seconds, by device."""
    scheme, _, served = model.partition(":")
    if scheme == "pool" and served in state.names():
        served = state.served(served)
    return [(one, one.idealised) for one in of_model(served.partition("#")[2] or served) if one.idealised]


async def print_tree(out: Terminal, run_id: str, url: str | None) -> None:
    """Print a run's tree."""
    async with Store.opened(url) as store:
        out.print(text(list(await store.nodes(run_id))))


def print_decision(out: Terminal, decision: Decision) -> None:
    """Print one decision; the selector's with all five terms of every strategy."""
    shown = _selection(decision) if decision.kind == "select" else None
    if shown is None:
        payload = json.dumps(decision.payload, ensure_ascii=False)
        out.print(f"{decision.key}: {payload}", soft_wrap=True)
        return
    for line in shown:
        out.print(line)


def _selection(decision: Decision) -> tuple[str, Table] | None:
    """The selector's choice and its table, or None if the row lacks them."""
    names = ("exploitation", "exploration", "prior", "diversity", "recovery", "total")
    table = Table("strategy", *names, box=None, pad_edge=False)
    try:
        payload: Any = decision.payload
        for strategy, term in payload["terms"].items():
            table.add_row(strategy, *(f"{term[name]:.3f}" for name in names))
        return f"{decision.key}: {payload['strategy']} ({payload['mode']} mode)", table
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def print_bill(out: Terminal, usage: Usage) -> None:
    """Print the cost of a run."""
    cached = f" ({usage.cached_tokens:,} of the prompt's from the cache)" if usage.cached_tokens else ""
    about = f"; the tokens of {usage.estimated} calls are estimates" if usage.estimated else ""
    out.print(
        f"bill: {usage.calls} calls, {usage.tokens:,} tokens{cached}, "
        f"{usage.completion_tokens:,} of them written, {dollars(usage)}{about}"
    )


def dollars(usage: Usage) -> str:
    """The cost of calls in US dollars, as far as it is known."""
    if not usage.unpriced:
        return f"${usage.cost:.4f}"
    return f"${usage.cost:.4f} and an unknown cost" if usage.cost else "cost unknown (--price states it)"


_VOUCHED = {"program": "a program checked it", "model": "a model's opinion", "none": "not checked"}


_NEXT = {
    "verified": "accepted with probability about {:.2f}, if draws were independent",
    "audit": "changes the expected value by {:+.3f}, where a right answer is worth 1 and a wrong one -1",
    "vote": "the runner-up is the likelier answer with probability {:.2f}",
}
"""What `Result.next_sample` says, by its basis."""


def print_result(out: Terminal, result: Result) -> None:
    """Print the answer, what verified it, its confidence and the cost."""
    if result.reason == "abstained":
        out.print(f"no answer: the best one, node {result.node}, is too uncertain", style="yellow")
        out.print(_sure(result))
    elif result.node is None:
        out.print(f"no answer: there is no whole solution; {_ended(result)}", style="yellow")
    else:
        style = "bold green" if result.solved else "yellow"
        by_model = result.solved and result.verified_by is not VerifiedBy.PROGRAM
        word = "answer" if result.solved else "best answer, not accepted"
        word = "answer (a model's opinion)" if by_model else word
        out.print(f"{word}: {result.answer or result.text}", style=style)
        score = "none" if result.score is None else f"{result.score:.2f}"
        out.print(f"score {score}, {_VOUCHED[result.verified_by]}; {_ended(result)}")
        out.print(_sure(result))
    if result.next_sample is not None:
        out.print(f"one more sample: {_NEXT[result.next_basis].format(result.next_sample)}", soft_wrap=True)
    for note in result.notes:
        out.print(f"note: {note}", style="yellow")
    print_bill(out, result.usage)
    out.print(
        f"run {result.run_id}: {result.nodes} nodes, {result.rounds} rounds, {result.seconds:.1f} s",
    )


def _sure(result: Result) -> str:
    if result.confidence is None:
        return "confidence: unknown; the answer has neither a proof nor a calibration on labelled runs"
    if result.verified_by == "program":
        return f"confidence {result.confidence:.2f}, by proof"
    return f"confidence {result.confidence:.2f}, calibrated on labelled runs"


def _ended(result: Result) -> str:
    """Why the run ended; for a spent budget, what is left of the limit and what one more sample needs."""
    short = result.shortfall
    if result.reason != "budget" or short is None or short.limit is None:
        return WHY[result.reason]
    what, dollar = short.what.replace("_", " "), "$" if short.what == "cost" else ""
    if short.need is None:
        return f"the budget of {short.limit:,.10g} {what} is spent"
    left, need = f"{dollar}{short.left or 0:,.10g}", f"{dollar}{short.need:,.6g}"
    spent = f"the budget of {dollar}{short.limit:,.10g} {what} is spent"
    return f"{spent}: {left} are left, and one more sample needs {need}"
