"""The web search as a graph: decide -> visit -> propose -> decide (Tree Search for LM Agents, arXiv 2407.01476)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from branchwise.environments.protocol import Session
from branchwise.graphs import strategies
from branchwise.graphs.strategies.protocol import ALLOCATION, NO_LIMIT
from branchwise.graphs.web.commit import commit
from branchwise.graphs.web.context import WebContext
from branchwise.graphs.web.nodes import is_visited, judged, most_wanted
from branchwise.graphs.web.offers import reached
from branchwise.graphs.web.proposals import children
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.state import WebState
from branchwise.graphs.web.trajectories import roll
from branchwise.graphs.web.visits import open_start, visit
from branchwise.graphs.web.walk import walk
from branchwise.graphs.web.walk_choice import is_closed
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import ROOT, Node, NodeId
from branchwise.store.tree import Tree


@cache
def web() -> CompiledStateGraph[WebState, WebContext, WebState, WebState]:
    """The graph of a web search, compiled once a process.

    A node is one action. With best-first search and MCTS its score is its parent's until it is visited: the
    action is done and the page judged only when the strategy pops it, because restoring a page is the main
    cost. Strategies of whole solutions roll trajectories instead, and a walk does its descents. Irreversible
    actions wait in `commit`.
    """
    graph = StateGraph(WebState, context_schema=WebContext)
    for station in (decide, visiting, propose, roll, walk, commit):
        graph.add_node(station.__name__, station)
    graph.add_edge(START, "decide")
    graph.add_conditional_edges("decide", _next, ["visiting", "roll", "walk", "commit", END])
    graph.add_edge("visiting", "propose")
    graph.add_edge("propose", "decide")
    graph.add_edge("roll", "decide")
    graph.add_edge("walk", "decide")
    graph.add_conditional_edges("commit", _next, ["decide", "roll"])
    return graph.compile()


def _next(state: WebState) -> str:
    return state.get("next") or END


async def decide(state: WebState, runtime: Runtime[WebContext]) -> WebState:
    """Get the strategy's allocation: the nodes to visit, and the number of actions to propose there."""
    context, round_ = runtime.context, state.get("round", 0) + 1
    tree = context.journal.tree_before(round_)
    if state.get("stop"):
        return {"next": ""}
    if any(node.accepted for node in tree):
        return {"next": "", "stop": "accepted"}
    left = context.options.max_pages + state.get("since", 0) - sum(1 for node in tree if is_visited(node))

    async def allocate() -> dict[NodeId, int]:
        if context.options.walks:
            return _next_walk(context, tree, left, state.get("start", ROOT))
        return _allocation(context, tree, left, state.get("base", 0))

    asked = await context.journal.decide_as(f"r{round_}/allocate", "allocate", ALLOCATION, allocate)
    if asked:
        return {"next": _station(context.options), "allocation": asked, "round": round_}
    asks = state.get("asked", 0) < context.options.max_approvals or context.options.auto_approve
    if asks and most_wanted(tree) is not None:
        return {"next": "commit", "round": round_}
    return {"next": "", "stop": "exhausted"}


def _station(options: WebOptions) -> str:
    if options.walks:
        return "walk"
    return "roll" if options.rolls else "visiting"


def _next_walk(context: WebContext, tree: Tree, left: int, start: NodeId) -> dict[NodeId, int]:
    width = int(context.options.knobs.get("branching", context.options.samples))
    return {} if left <= 0 or is_closed(tree, start) else {start: width}


def _allocation(context: WebContext, tree: Tree, left: int, base: int) -> dict[NodeId, int]:
    options = context.options
    strategy = strategies.load(options.selects_by, **{**_bounds(context, tree, base), **options.knobs})
    left_of_budget = context.tracker.samples_left()
    budget = NO_LIMIT if left_of_budget is None else left_of_budget
    if options.rolls:
        return dict(strategy(tree, budget, seed=context.seed))
    asked: dict[NodeId, int] = {}
    width = min(left, options.concurrency) if not options.eager else left
    while len(asked) < width:
        more = {
            name: count
            for name, count in strategy(tree, budget, seed=context.seed).items()
            if name not in asked
        }
        asked |= dict(list(more.items())[: width - len(asked)])
        if not more or ROOT in asked or options.eager:
            break
        # Nodes being visited are hidden from the strategy, so that it names the next best.
        tree = tree.grow([replace(tree[name], failed="being visited") for name in more])
    return asked


def _bounds(context: WebContext, tree: Tree, base: int) -> dict[str, int]:
    """Knobs that disable a strategy's own stop: the graph bounds depth and pages, and leaves are visited too."""
    most = len(tree) + 1  # no more nodes than there are were expanded
    own = {
        "best_first": {"depth": base + context.options.depth + 1, "expansions": most},
        "mcts": {"simulations": most},
    }
    return own.get(context.options.selects_by, {})


async def visiting(state: WebState, runtime: Runtime[WebContext]) -> WebState:
    """Do the actions of the popped nodes, and judge the resulting pages."""
    context = runtime.context
    names = [name for name in state["allocation"] if name != ROOT]
    try:
        await open_start(context)
        await _visit(context, names, state)
    except BudgetSpent:
        return {"stop": "budget"}
    return {}


async def _visit(context: WebContext, names: list[NodeId], state: WebState) -> None:
    deepest = state.get("base", 0) + context.options.depth
    for at in range(0, len(names), context.options.concurrency):
        batch = names[at : at + context.options.concurrency]
        found = zip(batch, await visit(context, batch), strict=True)
        await context.journal.write(
            [judged(context.journal.tree[name], page, said, deepest=deepest) for name, (page, said) in found]
        )


async def propose(state: WebState, runtime: Runtime[WebContext]) -> WebState:
    """Add the most frequent next actions under every visited page that can be continued."""
    context = runtime.context
    if state.get("stop"):
        return {}
    try:
        for name, count in state["allocation"].items():
            node = context.journal.tree[name]
            if node.failed is None and not node.complete:
                grown = await _children(node, count, state["round"], context)
                if not grown:
                    return {"stop": "exhausted"}
                await context.journal.write(grown)
                if context.options.eager:
                    await _visit(context, [child.id for child in grown if child.failed is None], state)
    except BudgetSpent:
        return {"stop": "budget"}
    return {}


async def _children(node: Node, count: int, round_: int, context: WebContext) -> list[Node]:
    session: Session | None = None

    async def reach() -> Session:
        nonlocal session
        session = session or await reached(context, node.id)
        return session

    try:
        return await children(node, count, round_, context, reach)
    finally:
        if session is not None:
            await context.leave(node.id, session)
