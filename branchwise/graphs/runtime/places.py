"""Places of a run's calls: the node and its visit, from LangGraph's supersteps.

A place is `NODE[.i]/VISIT`, the i-th task of one `Send` fan-out or one function; in a subgraph its parent's
place is prefixed. It is the same after a crash, in another process, and when other nodes are added. Visits
are counted per node by the steps at which it ran; a checkpoint carries the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import RunnableConfig

from branchwise.store.errors import BadInput

_PUSH = "__pregel_push"


@dataclass(slots=True)
class NodeVisit:
    """One attempt of one node's visit, and its calls so far."""

    place: str
    namespace: str
    asked: dict[str, str] = field(default_factory=dict)
    """The request's hash by call name."""
    equal: Counter[str] = field(default_factory=Counter)
    """Number of equal requests of unnamed calls."""
    acts: int = 0
    """Number of its calls of tools that act."""

    def ordinal(self, what: str) -> int:
        """Number of earlier calls with the same request."""
        self.equal[what] += 1
        return self.equal[what] - 1


@dataclass(slots=True)
class _Visits:
    """The visits of one node: their number in the checkpoint, and the steps of later ones."""

    before: int = 0
    steps: list[int] = field(default_factory=list)

    def number(self, step: int) -> int:
        if step not in self.steps:
            self.steps.append(step)
        return self.before + self.steps.index(step) + 1

    def until(self, step: int) -> int:
        return self.before + sum(1 for one in self.steps if one <= step)


class Places:
    """Names of places, kept for one execution of the run."""

    def __init__(self, *, functional: bool = False) -> None:
        """Start without visits.

        Args:
            functional: Whether the workflow is a function of LangGraph's functional API, whose tasks are its nodes.
        """
        self._functional = functional
        self._visits: dict[tuple[str, str], _Visits] = {}
        """By the parent's place, empty at the top, and the node's name."""
        self._of_task: dict[str, str] = {}
        self._steps: dict[str, tuple[str, str, int]] = {}
        """Parent's place, node and step by LangGraph's task id."""
        self._open: dict[tuple[str, int], NodeVisit] = {}

    def visit(self, config: RunnableConfig) -> NodeVisit:
        """The visit of a node or of a task within it.

        Raises:
            BadInput: It runs in a graph whose own place is not known.
        """
        meta = config.get("metadata", {})
        namespace = str(meta.get("langgraph_checkpoint_ns", ""))
        if not namespace:
            raise BadInput("A run's methods can be called within a node of its graph only.")
        runtime = config.get("configurable", {}).get("__pregel_runtime")
        attempt = getattr(getattr(runtime, "execution_info", None), "node_attempt", 1)
        known = self._open.get((namespace, attempt))
        if known is None:
            known = self._open[namespace, attempt] = NodeVisit(self._place(meta, namespace), namespace)
        return known

    def _place(self, meta: Mapping[str, Any], namespace: str) -> str:
        *above, last = namespace.split("|")
        path, step = meta["langgraph_path"], int(meta["langgraph_step"])
        node, task = str(meta["langgraph_node"]), last
        inner = path[0] == _PUSH and path[-1] is True
        parent = "" if inner and self._functional and len(above) == 1 else self._parent(above)
        shown = node if path[0] != _PUSH else f"{node}.{path[2] if inner else path[1]}"
        number = self._visits.setdefault((parent, node), _Visits()).number(step)
        place = f"{parent}/{shown}/{number}" if parent else f"{shown}/{number}"
        self._of_task[task] = place
        self._steps[task.rpartition(":")[2]] = (parent, node, step)
        return place

    def _parent(self, above: list[str]) -> str:
        """The place of the node that a subgraph runs in; its second subgraph and those after it are numbered."""
        if not above:
            return ""
        *_, task = (part for part in above if not part.isdigit())
        if task not in self._of_task:
            raise BadInput(
                f"The node `{task.partition(':')[0]}` runs a graph of its own within a task; "
                "give that graph a node, or ask the run for something in the task first."
            )
        number = above[-1] if above[-1].isdigit() else ""
        return f"{self._of_task[task]}@{number}" if number else self._of_task[task]

    def forget(self) -> None:
        """Reset after the checkpoint was dropped."""
        self._visits.clear()
        self._of_task.clear()
        self._steps.clear()
        self._open.clear()

    # What a checkpoint carries

    def counts(self, namespace: str, step: int) -> dict[str, int]:
        """The visits of a graph's nodes up to a step, stored with that step's checkpoint."""
        parent = self._parent(namespace.split("|")) if namespace else ""
        found = {
            node: visits.until(step) for (above, node), visits in self._visits.items() if above == parent
        }
        return {node: count for node, count in found.items() if count}

    def restore(self, namespace: str, counts: Mapping[str, int]) -> None:
        """Restore the counts of a checkpoint."""
        parent = self._parent(namespace.split("|")) if namespace else ""
        for node, count in counts.items():
            self._visits.setdefault((parent, node), _Visits(before=count))

    # What a task's stored writes carry

    def step_of(self, task_id: str) -> tuple[str, str, int] | None:
        """The parent's place, the node and the step of a task that ran here, stored with the task's writes."""
        return self._steps.get(task_id)

    def passed(self, parent: str, node: str, step: int) -> None:
        """Count the visit of a task that does not run again, because its writes were stored before a crash."""
        self._visits.setdefault((parent, node), _Visits()).number(step)
