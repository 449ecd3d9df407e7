"""The tables of recorded evidence: one report a log, by one call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from branchwise.evals import logs
from branchwise.evals.choosing import choosing
from branchwise.evals.log import Log
from branchwise.evals.markdown import markdown
from branchwise.evals.page import page
from branchwise.evals.pooled import ReplayPlan, pooled
from branchwise.evals.report import Report
from branchwise.evals.stepwise import step_verifiers
from branchwise.evals.trials import trials
from branchwise.store.errors import BadInput, UnknownName

_POOLED = {
    "game24_tot": ReplayPlan(limits=(1, 2, 4, 8, 16, 32, 50), budgets=(4, 16, 50), probes=4, arm="io"),
    "humaneval_codegen16b": ReplayPlan(limits=(1, 2, 4, 8, 16, 50), budgets=(4, 16, 50), probes=4),
    "math_qwen25_rm": ReplayPlan(limits=(1, 2, 4), budgets=(2, 4), probes=2),
    "planbench_blocksworld": ReplayPlan(
        limits=(1, 2, 4, 8, 11), budgets=(4, 11), probes=2, arm="mixed", arms=("mixed",)
    ),
}
_COMMAND = "branchwise bench replay {log} --seeds {seeds}"
_UNBIASED = "pool"
"""The arm of `bench run` that samples on whatever was accepted; all others stop when they have won."""


def names() -> tuple[str, ...]:
    """The logs that have tables."""
    return logs.names()


def tables(
    data: Path | None, *, only: Iterable[str] = (), seeds: int = 5, out: Path | None = None
) -> tuple[Report, ...]:
    """Replay logs and report on each.

    Args:
        data: The folder with one folder a log; needed for logs that are named.
        only: Names of logs below `data`, or paths of files in the replay format; all names where empty.
        seeds: How often each half of an instance's samples is played.
        out: A folder for one Markdown and one JSON file a report and `index.html` with all.

    Raises:
        UnknownName: There is no such log.
        BadInput: A folder or file is missing or unreadable.
    """
    wanted = tuple(only) or names()
    read = {name: read_log(name, data) for name in wanted}
    reports = tuple(report for name, log in read.items() for report in _reports(name, log, seeds))
    if out is not None:
        write(reports, out, page_name="index")
    return reports


def read_log(name: str, data: Path | None) -> Log:
    """Read a log by its name below the folder `data`, or by its path.

    Raises:
        UnknownName: There is no such log.
        BadInput: A folder or file is missing or unreadable.
    """
    if name in names():
        if data is None:
            raise BadInput(f"The log `{name}` needs the folder of the data: --data, or BRANCHWISE_DATA.")
        return logs.load(name, data)
    if not Path(name).suffix:
        raise UnknownName("log", name, names())
    return Log.read(Path(name))


def plan_of(name: str, log: Log) -> ReplayPlan:
    """How a log is replayed: by the plan that its name has here, else by what its pools allow.

    Raises:
        BadInput: Its instances do not all have two samples, half of which could be held back.
    """
    if name in _POOLED:
        return _POOLED[name]
    arms = (_UNBIASED,) if _UNBIASED in log.arms else log.arms
    half = min((len(pool) for arm in arms for pool in log.pools(arm).values()), default=0) // 2
    if half < 1:
        raise BadInput(
            "A replay needs at least two samples of each instance and arm; `branchwise bench run` with the "
            "arm `pool` records them."
        )
    limits = tuple(2**i for i in range(half.bit_length()))
    return ReplayPlan(limits=limits, budgets=limits[-2:], probes=min(4, half), arm=arms[0], arms=arms)


def _reports(name: str, log: Log, seeds: int) -> Iterable[Report]:
    facts = {
        "Model": log.header.model,
        "Source": f"{log.header.source} ({log.header.licence}); sha256 {log.header.sha256[:16]}",
        "Tokens": log.header.tokens,
        "Command": f"`{_COMMAND.format(seeds=seeds, log=name)}`",
        **({"Note": log.header.notes} if log.header.notes else {}),
    }
    if name == "tau_bench_airline":
        return (trials(name, log, facts),)
    if name in names() and name not in _POOLED:
        return (choosing(name, log, facts),)
    return _pooled(name if name in names() else Path(name).stem, log, plan_of(name, log), facts, seeds)


def _pooled(name: str, log: Log, plan: ReplayPlan, facts: Mapping[str, str], seeds: int) -> Iterator[Report]:
    """One report, and one more for every further verifier of steps."""
    yield pooled(name, log, plan, facts, seeds=seeds)
    for verifier in step_verifiers(log)[1:]:
        judged = Log(header=replace(log.header, step_verifier=verifier), samples=log.samples)
        about = {**facts, "Steps judged by": verifier}
        yield pooled(f"{name}_{verifier}", judged, plan, about, seeds=seeds)


def write(reports: Sequence[Report], out: Path, *, page_name: str) -> None:
    """Write one Markdown and one JSON file a report into the folder `out`, and one page with all of them."""
    out.mkdir(parents=True, exist_ok=True)
    for report in reports:
        (out / f"{report.title}.md").write_text(markdown(report), encoding="utf-8")
        (out / f"{report.title}.json").write_text(report.dumps() + "\n", encoding="utf-8")
    (out / f"{page_name}.html").write_text(page(reports), encoding="utf-8")
