"""`branchwise run`, `answer` and `workflows`: run your own workflows and answer their questions."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from branchwise.cli import console
from branchwise.cli.configured import chosen
from branchwise.cli.console import out
from branchwise.cli.exits import Exit, refuse, run
from branchwise.cli.importing import importable
from branchwise.cli.options import (
    AsJson,
    BaseUrl,
    Calls,
    Cost,
    Effects,
    InputJson,
    ModelName,
    ModelOption,
    PriceText,
    PromptFolder,
    RunId,
    Seconds,
    Seed,
    StoreUrl,
    Tokens,
)
from branchwise.store.errors import BadInput
from branchwise.store.reading import read_text
from branchwise.store.records import Budget

if TYPE_CHECKING:
    from branchwise.graphs.runtime.workflow import Workflow

_LONGEST = 10_000_000


def run_workflow(
    workflow: Annotated[
        str, typer.Argument(help="An installed workflow, or FILE.py:attribute or module:attribute.")
    ],
    given: InputJson = "{}",
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    tokens: Tokens = None,
    calls: Calls = None,
    seconds: Seconds = None,
    cost: Cost = None,
    effects: Effects = None,
    seed: Seed = 0,
    prompts: PromptFolder = None,
    queue: Annotated[
        str | None, typer.Option(help="Leave it to the workers of this queue, and print its id.")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--id", help="The run's id; an existing run is resumed.")
    ] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Run a workflow (any importable LangGraph graph) as a recorded, resumable run."""
    from branchwise.graphs.runtime.run import run as run_it
    from branchwise.graphs.runtime.submit import submit_workflow

    workflow = importable(workflow)
    try:
        value = read_json(given)
        budget = Budget(tokens=tokens, calls=calls, seconds=seconds, cost=cost, effects=effects)
        named = chosen(model, base_url, model_option, price)
    except (BadInput, ValueError) as error:
        refuse(error)
    asked: dict[str, Any] = {
        "budget": budget,
        **named.arguments,
        "seed": seed,
        "prompts": prompts,
        "store": store,
    }
    if queue is not None:
        if run_id is not None:
            refuse(BadInput("A queued run is given an id; --id is for a run that begins at once."))
        [made] = run(submit_workflow(workflow, [value], queue=queue, **asked))
        console.say(json.dumps(made) if as_json else str(made))
        return
    shown(lambda watch: run_it(workflow, value, run_id=run_id, watch=watch, **asked), store, as_json=as_json)


def answer(
    run_id: RunId,
    said: Annotated[
        str, typer.Argument(metavar="JSON", help='The answer: true, 3, "a text", an object, or @FILE.')
    ],
    key: Annotated[str | None, typer.Option(help="Key of the question, if the run has several.")] = None,
    by: Annotated[str | None, typer.Option(help="Name of the person who answers; default: you.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Answer a run's question; a queued run returns to its queue, another needs `branchwise resume`."""
    from branchwise.cli.showing import find_run
    from branchwise.cli.solving import how_to_resume
    from branchwise.graphs.runtime.answer import answer as answer_run
    from branchwise.graphs.runtime.answer import open_questions

    try:
        value = read_json(said)
    except BadInput as error:
        refuse(error)
    found = run(find_run(run_id, store))
    now = run(answer_run(found.id, value, key=key, by=by, store=store))
    if as_json:
        print(json.dumps(asdict(now)))
        return
    console.say(f"{now.id} {now.status}")
    left = [one.key for one in open_questions(now)]
    then = f"It still waits for: {', '.join(left)}" if left else how_to_resume(now.id, store)
    if now.queue and not left:
        then = f"A worker of the queue `{now.queue}` will continue it."
    console.err().print(then, soft_wrap=True)


def workflows(as_json: AsJson = False) -> None:
    """List the installed workflows with their paper, their needs and the JSON schema of their input."""
    from branchwise.graphs.runtime.registry import catalogue

    found = [_listed(name, one) for name, one in catalogue()]
    if as_json:
        print(json.dumps(found))
        return
    page = out()
    for one in found:
        page.print(f"{one['name']}: {one.get('about') or one.get('error', '')}", soft_wrap=True)
        for word in ("paper", "needs"):
            if said := one.get(word):
                said = said if isinstance(said, str) else ", ".join(said)
                page.print(f"  {word}: {said}", soft_wrap=True)
        if one.get("input"):
            page.print(f"  input: {json.dumps(one['input'])}", soft_wrap=True, style="dim")
    page.print("Any other by module:attribute, for example: branchwise run mine:graph", style="dim")


def _listed(name: str, one: Workflow | BadInput) -> dict[str, Any]:
    """A workflow's entry in the list, or why it cannot be loaded."""
    if isinstance(one, BadInput):
        return {"name": name, "error": str(one)}
    words = {"paper": one.info.paper, "needs": sorted(one.info.needs)}
    return {"name": name, "about": one.about, **words, "records": one.records, "input": one.schema}


def read_json(text: str) -> Any:
    """Read JSON from the command line, or from a file written as `@FILE`; one named `.toml` holds TOML.

    Raises:
        BadInput: It is not JSON or TOML, or the file cannot be read.
    """
    try:
        written = text
        if text.startswith("@"):
            written = read_text(Path(text[1:]), most=_LONGEST + 1)
        if len(written) > _LONGEST:
            raise BadInput(f"The JSON is longer than {_LONGEST:,} characters.")
        if text.startswith("@") and text.endswith(".toml"):
            return tomllib.loads(written)
        return json.loads(written)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"`{text[1:]}` is not TOML: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"`{text[:200]}` is not JSON: {error}. Write a text in double quotes.") from error


def shown(
    work: Callable[[Callable[[Any], None]], Awaitable[Any]], store: str | None, *, as_json: bool
) -> NoReturn:
    """Run with events on standard error; print the output or the open questions, and exit."""
    from branchwise.cli.solving import how_to_resume

    err, opened = console.err(quiet=as_json), ""

    def watch(event: Any) -> None:
        nonlocal opened
        if event.kind == "opened":
            opened = event.text
        if event.kind in {"opened", "node", "custom"}:
            err.print(f"{event.tokens:>8,} {event.kind} {event.text}", style="dim", soft_wrap=True)

    async def watched() -> Any:
        return await work(watch)

    ended = run(watched(), when_interrupted=lambda: how_to_resume(opened, store))
    if as_json:
        print(json.dumps(asdict(ended)))
    elif not ended.waiting:
        print(json.dumps(ended.output, indent=1))
    for one in () if as_json else ended.waiting:
        console.say(f"{one.key} asks: {json.dumps(one.question, ensure_ascii=False)}")
    if ended.waiting and not as_json:
        at = f" --store {store}" if store else ""
        err.print(f"Answer with: branchwise answer {ended.run_id} JSON{at}", soft_wrap=True)
    raise typer.Exit(Exit.WAITING if ended.waiting else Exit.SOLVED)
