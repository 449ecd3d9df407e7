"""Store row of a run."""

from __future__ import annotations

from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.runtime.workflow import Workflow
from branchwise.store.store import Store


def row_of(store: Store, workflow: Workflow, spec: RunSpec, **more: str | int | None) -> dict[str, object]:
    """The row of a run with request `spec`; `more` is passed to `Store.describe`."""
    task, strategy = workflow.labels(spec)
    return store.describe(
        task=task,
        strategy=strategy,
        model=spec.model,
        seed=spec.seed,
        spec=workflow.stored(spec),
        workflow=spec.workflow,
        **more,  # type: ignore[arg-type]
    )
