"""One run of an experiment: started once, resumed if interrupted, read if done."""

from __future__ import annotations

import hashlib
import json

from branchwise.evals.live.workflows import result_of_run
from branchwise.graphs.runtime.posing import answer_of
from branchwise.graphs.runtime.run import start
from branchwise.graphs.runtime.spec import RunSpec, spec_json
from branchwise.graphs.search.request import differing
from branchwise.graphs.search.result import Result
from branchwise.models.protocol import Model
from branchwise.store.errors import BudgetSpent
from branchwise.store.store import Store
from branchwise.store.tree import Tree

SEARCH = "solve"
"""The workflow of arms that are strategies."""


def run_id(spec: RunSpec) -> str:
    """The id of the run that answers `spec`: the same request is the same run.

    What was left at its default does not count, so that an experiment outlives options that later versions add.
    """
    told = differing(spec) if spec.workflow == SEARCH else spec_json(spec)
    text = json.dumps(told, sort_keys=True)
    return f"bench-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


async def conduct(store: Store, spec: RunSpec, engine: Model) -> tuple[Result, Tree]:
    """The result and the tree of the run that answers `spec`, started or resumed if needed.

    A workflow that spends its budget or waits for a person has no answer.

    Raises:
        LeaseLost: Another live process holds the run.
        StoreError: The database cannot be used.
    """
    name = run_id(spec)
    try:
        ended = await start(spec, model=engine, store=store, run_id=name)
    except BudgetSpent:
        if spec.workflow == SEARCH:
            raise
        run, usage = await store.run(name), await store.usage(name, below=True)
        return result_of_run(name, None, usage, run.elapsed, "budget")
    if isinstance(ended.output, Result):
        return ended.output, await store.nodes(name)
    answer = None if ended.waiting else answer_of(ended.output)
    return result_of_run(name, answer, ended.usage, ended.seconds, "exhausted")
