"""A server that is away or full for longer than a worker waits for it: python -m tests.crash.outage away --seconds 150.

A real worker on a PostgreSQL server of its own; all runs must end as done. "away" pulls the server's plug; "full" makes
the server refuse every write as one with a full disk does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from branchwise.graphs.search.submit import submit
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store
from tests.crash.postgres import Cluster, own_postgres

_LOG = "BRANCHWISE_OUTAGE_LOG"
_RUNS = 6
_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_calls BEFORE INSERT OR UPDATE ON calls FOR EACH ROW EXECUTE FUNCTION full_disk();
CREATE TRIGGER full_runs BEFORE INSERT OR UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


def slow() -> Scripted:
    """A model that takes its time and writes down what it was asked."""

    def answer(request: SampleRequest, seed: int) -> str:
        with Path(os.environ[_LOG]).open("a", encoding="utf-8") as log:
            log.write(f"{hash((request, seed))}\n")
        return "Fine.\nScore: 40" if "Score" in request.messages[-1].content else f"answer {seed}"

    return scripted(answer, latency=0.5)


def _break(cluster: Cluster, kind: str) -> None:
    if kind == "away":
        cluster.stop()
        return
    _admin(cluster, _FULL)


def _mend(cluster: Cluster, kind: str) -> None:
    if kind == "away":
        cluster.resume()
        return
    _admin(cluster, "DROP FUNCTION full_disk CASCADE")


def _admin(cluster: Cluster, script: str) -> None:
    engine = sa.create_engine(cluster.url)
    with engine.begin() as connection:
        connection.exec_driver_sql(script)
    engine.dispose()


async def outage(kind: str, seconds: float) -> bool:
    """Run the worker through the outage; prints what came of it, and returns whether all is well."""
    with own_postgres() as cluster, tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "asked"
        name = f"{__spec__.name if __spec__ else __name__}:slow"
        await submit(
            [f"question {i}" for i in range(_RUNS)],
            store=cluster.url,
            model=name,
            strategy="sequential_revision",
            knobs={"n": 6},
        )
        words = ("worker", "--store", cluster.url, "--until-empty", "--lease", "5", "--json")
        worker = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs here
            [sys.executable, "-m", "branchwise", *words, "--import", name.partition(":")[0]],
            env={**os.environ, _LOG: str(log)},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            while not log.exists():
                await asyncio.sleep(0.1)
            await asyncio.sleep(1.0)
            began = time.monotonic()
            _break(cluster, kind)
            await asyncio.sleep(seconds)
            _mend(cluster, kind)
            said, _ = worker.communicate(timeout=300)
            asked = len(log.read_text(encoding="utf-8").splitlines())
        finally:
            worker.kill()
            worker.wait()
        took, status = time.monotonic() - began, worker.returncode
        reports = [line for line in said.splitlines() if '"away"' in line]
        async with Store.opened(cluster.url) as store:
            runs = await store.runs()
            calls = [call for run in runs for call in await store.calls(run.id)]
    done = sum(call.state is CallState.DONE for call in calls)
    ended = [run.status for run in runs]
    print(
        f"{kind} for {seconds:g} s: worker ended with {status} after {took:.0f} s, {len(reports)} reports of it"
    )
    print(f"runs: {', '.join(map(str, ended))}; attempts {[run.attempts for run in runs]}")
    print(f"calls committed {done}, of other states {len(calls) - done}, asked {asked}")
    return status == 0 and ended == [Status.DONE] * _RUNS


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=["away", "full"])
    parser.add_argument("--seconds", type=float, default=150.0, help="a worker waits for 120")
    wanted = parser.parse_args()
    return 0 if asyncio.run(outage(wanted.kind, wanted.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())
