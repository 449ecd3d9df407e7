"""The tables of recorded evidence: one report a log, by one call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from branchwise.bench import logs
from branchwise.bench.choosing import choosing
from branchwise.bench.log import Log
from branchwise.bench.markdown import markdown
from branchwise.bench.page import page
from branchwise.bench.pooled import Plan, pooled
from branchwise.bench.report import Report
from branchwise.bench.stepwise import step_verifiers
from branchwise.bench.trials import trials
from branchwise.store.errors import UnknownName

_POOLED = {
    "game24_tot": Plan(limits=(1, 2, 4, 8, 16, 32, 50), budgets=(4, 16, 50), probes=4, arm="io"),
    "humaneval_codegen16b": Plan(limits=(1, 2, 4, 8, 16, 50), budgets=(4, 16, 50), probes=4),
    "math_qwen25_rm": Plan(limits=(1, 2, 4), budgets=(2, 4), probes=2),
    "planbench_blocksworld": Plan(
        limits=(1, 2, 4, 8, 11), budgets=(4, 11), probes=2, arm="mixed", arms=("mixed",)
    ),
}
_COMMAND = "branchwise bench replay --data DATA --seeds {seeds}"


def names() -> tuple[str, ...]:
    """The logs that have tables."""
    return logs.names()


def tables(
    data: Path, *, only: Iterable[str] = (), seeds: int = 5, out: Path | None = None
) -> tuple[Report, ...]:
    """Replay the logs below the folder `data` and report what pays.

    Args:
        data: The folder with one folder a log.
        only: Names of logs; all where empty.
        seeds: How often each half of an instance's samples is played.
        out: A folder for one Markdown and one JSON file a report and `index.html` with all.

    Raises:
        UnknownName: There is no such log.
        BadInput: A folder or file is missing or unreadable.
    """
    wanted = tuple(only) or names()
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        raise UnknownName("log", unknown[0], names())
    reports = tuple(report for name in wanted for report in _reports(name, logs.load(name, data), seeds))
    if out is not None:
        _write(reports, out)
    return reports


def _reports(name: str, log: Log, seeds: int) -> Iterable[Report]:
    facts = {
        "Model": log.header.model,
        "Source": f"{log.header.source} ({log.header.licence}); sha256 {log.header.sha256[:16]}",
        "Tokens": log.header.tokens,
        "Command": f"`{_COMMAND.format(seeds=seeds)} --log {name}`",
        **({"Note": log.header.notes} if log.header.notes else {}),
    }
    if name in _POOLED:
        return _pooled(name, log, facts, seeds)
    if name == "tau_bench_airline":
        return (trials(name, log, facts),)
    return (choosing(name, log, facts),)


def _pooled(name: str, log: Log, facts: Mapping[str, str], seeds: int) -> Iterator[Report]:
    """One report, and one more for every further verifier of steps."""
    yield pooled(name, log, _POOLED[name], facts, seeds=seeds)
    for verifier in step_verifiers(log)[1:]:
        judged = Log(header=replace(log.header, step_verifier=verifier), samples=log.samples)
        about = {**facts, "Steps judged by": verifier}
        yield pooled(f"{name}_{verifier}", judged, _POOLED[name], about, seeds=seeds)


def _write(reports: Iterable[Report], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    written = tuple(reports)
    for report in written:
        (out / f"{report.title}.md").write_text(markdown(report), encoding="utf-8")
        (out / f"{report.title}.json").write_text(report.dumps() + "\n", encoding="utf-8")
    (out / "index.html").write_text(page(written), encoding="utf-8")
