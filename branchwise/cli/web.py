"""The command `branchwise web` and its options; the work is done in `browsing`."""

from __future__ import annotations

from typing import Annotated

import typer

from branchwise.cli import completing
from branchwise.cli.options import (
    AsJson,
    BaseUrl,
    Calls,
    Cost,
    Knobs,
    ModelName,
    PromptFolder,
    Seconds,
    Seed,
    StoreUrl,
    Tokens,
)


def web(
    goal: Annotated[
        str, typer.Argument(help="What is to be reached; may be left out where the environment says it.")
    ] = "",
    url: Annotated[str, typer.Option(help="The start page; only its host and port can be reached.")] = "",
    environment: Annotated[
        str, typer.Option(help="browser, miniwob, browsergym, scripted, or module:function for your own.")
    ] = "browser",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="An option of the environment, task=click-button."),
    ] = None,
    host: Annotated[list[str] | None, typer.Option(help="One more site that may be reached.")] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VARIABLE: typed where an action says {secret:NAME}; never shown or stored."),
    ] = None,
    fork_endpoint: Annotated[
        str | None,
        typer.Option(help="Where the site forks its state; its token is read from BRANCHWISE_FORK_TOKEN."),
    ] = None,
    allow: Annotated[
        bool,
        typer.Option(
            "--allow", help="Commit irreversible actions without asking, when nothing else is left."
        ),
    ] = False,
    strategy: Annotated[
        str, typer.Option(help="How to search.", autocompletion=completing.strategies)
    ] = "best_first",
    knob: Knobs = None,
    depth: Annotated[int, typer.Option(help="Actions from the start to the deepest page.")] = 5,
    states: Annotated[int, typer.Option(help="Pages visited at most.")] = 20,
    steps: Annotated[
        int | None, typer.Option(help="Actions executed at most, replayed ones included.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(help="Proposals sampled for one page: 20, with the embedded model 5.")
    ] = None,
    judgements: Annotated[
        int | None, typer.Option(help="Judgements averaged for one page: 20, with the embedded model 3.")
    ] = None,
    at_once: Annotated[int, typer.Option(help="Branches visited at once.")] = 1,
    held: Annotated[
        bool | None,
        typer.Option(
            "--held/--free", help="Pick among the page's actions, or write one; the embedded model picks."
        ),
    ] = None,
    screenshots: Annotated[bool, typer.Option(help="Keep a screenshot of every page.")] = True,
    look: Annotated[
        bool,
        typer.Option(
            "--look", help="Show the model screenshots with numbered elements; for multimodal ones."
        ),
    ] = False,
    model: ModelName = None,
    base_url: BaseUrl = None,
    tokens: Tokens = None,
    calls: Calls = None,
    seconds: Seconds = None,
    cost: Cost = None,
    seed: Seed = 0,
    prompts: PromptFolder = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Search for a goal in a real browser; what cannot be undone is held back until you allow it."""
    from branchwise.cli.browsing import Errand, browsing
    from branchwise.cli.configured import chosen
    from branchwise.cli.exits import refuse
    from branchwise.graphs.search.pairs import pairs, settings
    from branchwise.graphs.web.request import WebOptions
    from branchwise.store.errors import BadInput
    from branchwise.store.records import Budget

    try:
        named = chosen(model, base_url, None)
        small = named.spec.partition(":")[0] == "embedded"
        own: dict[str, object] = settings(option or [])
        if environment == "browser":
            own |= {
                "url": _url(url),
                "hosts": host or [],
                "secrets": dict(_secret(pair) for pair in secret or []),
                "fork": fork_endpoint,
                "screenshot": "marks" if look else "plain" if screenshots else "none",
            }
        errand = Errand(
            goal=goal,
            environment=environment,
            own=own,
            model=named.spec,
            base_url=named.base_url,
            options=WebOptions(
                strategy=strategy.replace("-", "_"),
                knobs=pairs(knob or []),
                depth=depth,
                states=states,
                steps=steps,
                samples=samples or (5 if small else 20),
                judgements=(3 if small else 20) if judgements is None else judgements,
                held=small if held is None else held,
                at_once=at_once,
                allow=allow,
                look=look,
            ),
            budget=Budget(tokens=tokens, calls=calls, seconds=seconds, cost=cost),
            seed=seed,
            prompts=prompts,
            screenshots=screenshots or look,
            store=store,
        )
    except (BadInput, ValueError) as error:
        refuse(error)
    browsing(errand, as_json=as_json)


def _url(url: str) -> str:
    from branchwise.store.errors import BadInput

    if not url:
        raise BadInput(
            "Say where to begin: --url http://localhost:8000, or --environment for something else."
        )
    return url if "://" in url else f"http://{url}"


def _secret(text: str) -> tuple[str, str]:
    name, _, variable = text.partition("=")
    return name, variable
