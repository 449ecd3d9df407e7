"""`branchwise web`: the command and its options; `browsing` does the work."""

from __future__ import annotations

from pathlib import Path
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
    ModelOption,
    PriceText,
    PromptFolder,
    Seconds,
    Seed,
    StoreUrl,
    Tokens,
)


def web(
    goal: Annotated[str, typer.Argument(help="Goal in words; optional if the environment defines one.")] = "",
    url: Annotated[
        str, typer.Option(help="URL of the start page; the browser reaches only its host and port.")
    ] = "",
    environment: Annotated[
        str, typer.Option(help="browser, miniwob, browsergym, scripted, or module:function for your own.")
    ] = "browser",
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", "-o", help="Set an option of the environment, for example task=click-button."
        ),
    ] = None,
    host: Annotated[list[str] | None, typer.Option(help="Another host that the browser may reach.")] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=VARIABLE: typed where an action contains {secret:NAME}; never shown or stored."
        ),
    ] = None,
    http_auth: Annotated[
        str | None,
        typer.Option(help="USER=VARIABLE: HTTP authentication; the variable holds the password."),
    ] = None,
    ca: Annotated[
        str | None, typer.Option(help="File with the certificate of a private authority, PEM.")
    ] = None,
    post_reads: Annotated[
        list[str] | None,
        typer.Option(help="Path that the site only reads by POST; `*` at its end for all below."),
    ] = None,
    file: Annotated[list[str] | None, typer.Option(help="A file that may be uploaded.")] = None,
    fork_endpoint: Annotated[
        str | None,
        typer.Option(help="URL that forks the site's state; its token comes from BRANCHWISE_FORK_TOKEN."),
    ] = None,
    auto_approve: Annotated[
        bool,
        typer.Option(
            "--auto-approve", help="Commit irreversible actions without asking, if no other action is left."
        ),
    ] = False,
    strategy: Annotated[
        str, typer.Option(help="Search strategy.", autocompletion=completing.strategies_or_walk)
    ] = "walk",
    knob: Knobs = None,
    depth: Annotated[int, typer.Option(help="Maximum depth: actions from the start page.")] = 5,
    max_pages: Annotated[int, typer.Option(help="Maximum number of pages visited.")] = 20,
    max_actions: Annotated[
        int | None, typer.Option(help="Maximum number of executed actions, replayed ones included.")
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(help="Proposals sampled for one page; default: 20, with the embedded model 5."),
    ] = None,
    value_samples: Annotated[
        int | None,
        typer.Option(
            help="Values sampled for one page and averaged; default: 20, with the embedded model 3."
        ),
    ] = None,
    concurrency: Annotated[int, typer.Option(help="Branches visited at the same time.")] = 1,
    pick_actions: Annotated[
        bool | None,
        typer.Option(
            "--pick-actions/--write-actions",
            help="Have the model pick one of the page's actions, or write one; the embedded model picks.",
        ),
    ] = None,
    prior_actions: Annotated[int, typer.Option(help="Pick among this many likeliest actions; 0: all.")] = 0,
    walk: Annotated[
        bool,
        typer.Option(
            "--walk", help="With mcts: act from the start page in every simulation; as --strategy walk."
        ),
    ] = False,
    screenshots: Annotated[bool, typer.Option(help="Store a screenshot of every page.")] = True,
    vision: Annotated[
        bool,
        typer.Option(
            "--vision", help="Send the model screenshots with numbered elements; needs a multimodal model."
        ),
    ] = False,
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    tokens: Tokens = None,
    calls: Calls = None,
    seconds: Seconds = None,
    cost: Cost = None,
    seed: Seed = 0,
    prompts: PromptFolder = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Search a website in a real browser for a goal; irreversible actions wait for your approval."""
    from branchwise.cli.browsing import BrowseOptions, browsing
    from branchwise.cli.configured import chosen
    from branchwise.cli.exits import refuse
    from branchwise.cli.importing import importable
    from branchwise.graphs.search.pairs import pairs, settings
    from branchwise.graphs.web.request import WebOptions
    from branchwise.store.errors import BadInput
    from branchwise.store.records import Budget

    try:
        named = chosen(model, base_url, model_option, price)
        small, plain = named.spec.partition(":")[0] == "embedded", "plain" if screenshots else "none"
        own: dict[str, object] = settings(option or [])
        if environment == "browser":
            own |= {
                "url": _url(url),
                "hosts": host or [],
                "secrets": dict(_secret(pair) for pair in secret or []),
                **_access(fork_endpoint, http_auth, ca, post_reads, file),
                "screenshot": "marks" if vision else plain,
            }
        errand = BrowseOptions(
            goal=goal,
            environment=importable(environment),
            own=own,
            chosen=named,
            options=WebOptions(
                strategy=strategy.replace("-", "_"),
                knobs=pairs(knob or []),
                depth=depth,
                max_pages=max_pages,
                max_actions=max_actions,
                samples=samples or (5 if small else 20),
                value_samples=_or(value_samples, 3 if small else 20),
                pick_actions=small if pick_actions is None else pick_actions,
                prior_actions=prior_actions,
                walk=walk,
                concurrency=concurrency,
                auto_approve=auto_approve,
                vision=vision,
            ),
            budget=Budget(tokens=tokens, calls=calls, seconds=seconds, cost=cost),
            seed=seed,
            prompts=prompts,
            screenshots=screenshots or vision,
            store=store,
        )
    except (BadInput, ValueError) as error:
        refuse(error)
    browsing(errand, as_json=as_json)


def _or(given: int | None, usual: int) -> int:
    return usual if given is None else given


def _url(url: str) -> str:
    from branchwise.store.errors import BadInput

    if not url:
        raise BadInput(
            "Name the start page, --url http://localhost:8000, or another environment, --environment NAME."
        )
    return url if "://" in url else f"http://{url}"


def _access(
    fork: str | None,
    http_auth: str | None,
    ca: str | None,
    post_reads: list[str] | None,
    files: list[str] | None,
) -> dict[str, object]:
    """The options of the browser that are given; files by their whole paths, since a run may resume elsewhere."""
    given: dict[str, object] = {
        "fork": fork,
        "http_auth": http_auth,
        "authority": str(Path(ca).absolute()) if ca else None,
        "post_reads": post_reads,
        "files": [str(Path(one).absolute()) for one in files or []],
    }
    return {name: value for name, value in given.items() if value}


def _secret(text: str) -> tuple[str, str]:
    name, _, variable = text.partition("=")
    return name, variable
