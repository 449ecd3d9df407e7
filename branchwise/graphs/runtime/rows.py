"""How a run is described to the store."""

from __future__ import annotations

from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.runtime.workflow import Workflow
from branchwise.store.store import Store


def row_of(store: Store, workflow: Workflow, spec: RunSpec, **more: str | int | None) -> dict[str, object]:
    """Describe the run that answers `spec`, to be stored; `more` is that of `Store.describe`."""
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
