"""Workflow registry: built-in names, entry points of packages, and `module:attribute`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, cast

from langgraph.graph import StateGraph
from langgraph.pregel import Pregel

from branchwise.graphs.runtime.inputs import checked, schema_of, started
from branchwise.graphs.runtime.nodes import wrapped
from branchwise.graphs.runtime.shape import documented, shape
from branchwise.graphs.runtime.state_types import state_types
from branchwise.graphs.runtime.workflow import Graph, Workflow, WorkflowInfo
from branchwise.models.capabilities import WORDS
from branchwise.models.protocol import Model
from branchwise.models.require import require_abilities
from branchwise.store.errors import BadInput, BranchwiseError, UnknownName
from branchwise.store.foreign import failed
from branchwise.store.importing import StartedInImport, import_named
from branchwise.store.parts import Folder, offered_modules

GROUP = "branchwise.workflows"
"""The entry-point group by which a package offers workflows."""
_PARTS = ("workflows", "strategies", "tasks", "verifiers", "aggregations")
"""What packages offer as entry points, in the groups `branchwise.PART`."""
BUILT_IN = {
    "solve": "branchwise.graphs.search.workflow:workflow",
    "react": "branchwise.graphs.search.react:workflow",
    "web": "branchwise.graphs.web.workflow:workflow",
}
"""Functions that make branchwise's searches, by their names."""


@cache
def _folder() -> Folder:
    """The workflows of papers: a file each, with a function of its name that makes the graph."""
    package = "branchwise.graphs.workflows"
    return Folder(kind="workflow", package=package, path=import_module(package).__path__)


def load(name: str) -> Workflow:
    """The workflow of that name.

    Raises:
        UnknownName: There is no such workflow.
        BadInput: It cannot be imported, or is not a graph that can be run.
    """
    return _loaded(name)


def forget() -> None:
    """Clear the cache, for a process in which workflow modules have changed."""
    _loaded.cache_clear()


class NotAllowed(BadInput):
    """A run needs a module that this worker may not import; another worker may."""


class Allowed:
    """Allow-list of a worker's workflows: a name in the database must not make it import other modules."""

    def __init__(self, modules: Collection[str] = ()) -> None:
        """Allow the built-in workflows, the installed ones, and those of `modules`.

        Raises:
            BadInput: A module cannot be imported.
        """
        for module in modules:
            _module(module, f"{module}:...")
        self.modules = tuple(modules)
        self.names = tuple(installed())
        self._offered = frozenset[str]().union(*(offered_modules(f"branchwise.{name}") for name in _PARTS))

    def __contains__(self, name: str) -> bool:
        return name in self.names or name.partition(":")[0] in self.modules

    def check(self, modules: Collection[str]) -> None:
        """Refuse modules of a request that are neither allowed nor those of an installed package's parts.

        Raises:
            NotAllowed: A module is not allowed; the message explains how to allow it.
        """
        for module in sorted(modules):
            if module not in self.modules and module not in self._offered:
                raise NotAllowed(
                    f"The run imports `{module}`, which is not allowed here; start the worker with --import {module}."
                )

    def load(self, name: str) -> Workflow:
        """The workflow of that name.

        Raises:
            NotAllowed: It is not on the allow-list.
        """
        if name not in self:
            raise NotAllowed(
                f"The workflow `{name}` is not allowed here; start the worker with --import {name.partition(':')[0]}."
            )
        return load(name)


def installed() -> list[str]:
    """Names of the built-in workflows and of those that installed packages offer."""
    return sorted({*BUILT_IN, *_folder().names()})


def names_graph(name: str) -> bool:
    """Whether `name` is an installed workflow or leads to a graph; another name may be a task's or a strategy's."""
    module, _, attribute = name.partition(":")
    if not attribute:
        return name not in BUILT_IN and name in installed()
    try:
        found = getattr(import_module(module), attribute)
        if not isinstance(found, StateGraph | Pregel) and not inspect.signature(found).parameters:
            found = found()
    except Exception:  # whatever it names tells its own error
        return False
    return isinstance(found, StateGraph | Pregel)


def catalogue() -> Iterator[tuple[str, Workflow | BadInput]]:
    """Every installed workflow, or the error of loading it."""
    for name in installed():
        try:
            yield name, load(name)
        except BadInput as error:
            yield name, error


@cache
def _loaded(name: str) -> Workflow:
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        return cast("Workflow", getattr(import_module(module), attribute)())
    return workflow_of(_found(name), name)


def workflow_of(found: Any, name: str) -> Workflow:
    """A graph as a workflow of that name.

    Raises:
        BadInput: It is not a graph, or cannot be run.
    """
    from branchwise.graphs.runtime.context import Run  # noqa: PLC0415 - it knows the nodes

    made = found
    if not isinstance(found, StateGraph | Pregel) and callable(found):
        made = _made(found, name)
    graph: Graph = made.compile() if isinstance(made, StateGraph) else made
    if not isinstance(graph, Pregel):
        raise BadInput(
            f"The workflow `{name}` is a {type(made).__name__}: name a StateGraph, a compiled graph, an @entrypoint, "
            "or a function without arguments that makes one."
        )
    records = graph.context_schema is Run
    _check_context(graph.context_schema, Run, name)
    named, colon, _ = name.partition(":")
    module = (sys.modules.get(named) if colon else None) or inspect.getmodule(found)
    stated = getattr(module, "INFO", None)
    info = stated if isinstance(stated, WorkflowInfo) else WorkflowInfo()
    return Workflow(
        name=name,
        graph=wrapped(graph),
        shape=shape(graph, module),
        about=documented(found),
        info=info,
        functional=_is_functional(graph),
        records=records,
        schema=schema_of(graph),
        check=lambda spec: info.check(checked(graph, spec)),
        check_model=lambda spec, engine: _served(name, info, engine),
        imports=lambda spec: info.imports(spec.input) if isinstance(spec.input, Mapping) else (),
        start=lambda spec: started(graph, spec),
        types=state_types(graph, name),
    )


def _check_context(asked: Any, run: type, name: str) -> None:
    """Refuse a context of the user's own, which no node would be given."""
    try:
        fits = not isinstance(asked, type) or issubclass(run, asked)
    except TypeError:  # a TypedDict or a protocol allows no class check
        fits = False
    if not fits:
        raise BadInput(
            f"The nodes of the workflow `{name}` take a `{asked.__name__}` as `runtime.context`, and a run gives "
            "them a Run: put its values into the state, and use `context_schema=Run` or none."
        )


def _served(name: str, info: WorkflowInfo, engine: Model) -> None:
    """Refuse a model that lacks a capability that the workflow needs."""
    require_abilities(f"workflow `{name}`", engine, *sorted(info.needs & set(WORDS)))


def name_of(found: Any, what: str = "workflow") -> str:
    """The importable name of an object: its module and attribute.

    Args:
        found: A graph, or a function.
        what: Its kind, for the error.

    Raises:
        BadInput: No imported module has it at its top level.
    """
    if what == "workflow" and not isinstance(found, StateGraph | Pregel) and not callable(found):
        raise BadInput(f"A {what} is given by its name or as a graph, not {found!r:.200}.")
    # A function knows where it was defined; other modules may have imported it.
    home = getattr(found, "__module__", None)
    for name in sorted(sys.modules, key=lambda name: name != home):
        module = sys.modules.get(name)
        if not isinstance(module, ModuleType) or name.partition(".")[0] in sys.stdlib_module_names:
            continue
        for attribute, value in list(vars(module).items()):
            if value is found and not attribute.startswith("__"):
                return f"{_importable(name, module, what)}:{attribute}"
    raise BadInput(
        f"A {what} is found again by its name when the run is resumed: put it at the top level of a module "
        f"and name it, for example `mine:{what}`."
    )


def _importable(name: str, module: ModuleType, what: str) -> str:
    if name != "__main__":
        return name
    file = getattr(module, "__file__", None)
    if not file:
        raise BadInput(f"A {what} of an interactive session cannot be found again; put it into a file.")
    spec = getattr(module, "__spec__", None)
    return str(spec.name) if spec is not None else str(file).rpartition("/")[2].removesuffix(".py")


def _found(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if attribute:
        try:
            return getattr(_module(module, name), attribute)
        except AttributeError as error:
            raise BadInput(
                f"The module `{module}` has no `{attribute}`, which the workflow `{name}` names."
            ) from error
    if name not in installed():
        raise UnknownName("workflow", name, installed())
    return _folder().found(name)


def _module(module: str, name: str) -> ModuleType:
    try:
        return import_named(module)
    except StartedInImport:
        raise
    except Exception as error:  # the module's own code may raise anything
        raise BadInput(
            f"The workflow `{name}` cannot be imported: {type(error).__name__}: {error}. Run where `import {module}` "
            "works: in its folder, with `--import FILE.py`, with PYTHONPATH, or with its package installed."
        ) from error


def _made(function: Any, name: str) -> Any:
    if inspect.iscoroutinefunction(function):
        raise BadInput(f"The workflow `{name}` is a coroutine function; decorate it with @entrypoint.")
    try:
        return function()
    except TypeError as error:
        raise BadInput(
            f"The workflow `{name}` is no function without arguments that makes a graph: {error}."
        ) from error
    except BranchwiseError:
        raise
    except Exception as error:  # its own code may raise anything
        raise BadInput(str(failed(f"The function of the workflow `{name}`", error))) from error


def _is_functional(graph: Graph) -> bool:
    return "__previous__" in graph.channels
