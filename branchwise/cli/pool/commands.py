"""The commands of `branchwise pool` and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from branchwise.cli import completing
from branchwise.cli.options import AsJson, StoreUrl

pool = typer.Typer(
    help="Start, watch, stop, measure and tune the engines that serve a model.", no_args_is_help=True
)


Name = Annotated[str, typer.Argument(help="The pool.", autocompletion=completing.pools)]


@pool.command()
def up(
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A folder of safetensors, or a name on the hub.")
    ] = None,
    replicas: Annotated[int | None, typer.Option("--replicas", "-n", help="How many engines.")] = None,
    profile: Annotated[
        Path | None, typer.Option("--profile", "-p", help="TOML file; the options here go over it.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the pool is called: --model pool:NAME.")] = "default",
    devices: Annotated[
        str | None, typer.Option(help="GPUs `0,1,2`, or ranges of cores a replica `0-7;8-15`.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="The first replica's port; by default free ones.")] = None,
    command: Annotated[
        str | None, typer.Option(help="What starts an engine, for example `vllm serve`.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", "-o", help="An option of the engine, max_model_len=4096 (docs/pool.md)."),
    ] = None,
    tuned: Annotated[
        bool, typer.Option("--tuned", help="Use the settings that `pool tune` found best here.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once it is ready.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check, print the commands, start none.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start engines and watch them until Ctrl-C (or `pool down`); a dead one is started again."""
    from branchwise.cli.pool.starting import UpOptions
    from branchwise.cli.pool.starting import up as start

    start(
        UpOptions(
            model=model,
            replicas=replicas,
            profile=profile,
            name=name,
            devices=devices,
            port=port,
            command=command,
            settings=setting or [],
            tuned=tuned,
        ),
        detach=detach,
        dry_run=dry_run,
        as_json=as_json,
    )


@pool.command()
def status(
    name: Annotated[
        str | None, typer.Argument(help="One pool; else all.", autocompletion=completing.pools)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the pools: each engine's health, what it does now, and what its prefix cache saved."""
    from branchwise.cli.pool.watching import status as show

    show(name, as_json=as_json)


@pool.command()
def down(
    name: Name = "default",
    now: Annotated[bool, typer.Option("--now", help="Do not wait for requests in flight.")] = False,
) -> None:
    """Stop a pool: let requests in flight end, then end its engines."""
    from branchwise.cli.pool.watching import down as stop

    stop(name, now=now)


@pool.command()
def logs(
    name: Name = "default",
    replica: Annotated[int | None, typer.Option("--replica", "-r", help="One replica; else all.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Lines of each log to begin with.")] = 20,
) -> None:
    """Print what the engines say."""
    from branchwise.cli.pool.watching import logs as show

    show(name, replica=replica, follow=follow, lines=lines)


@pool.command()
def estimate(
    name: Annotated[
        str | None,
        typer.Argument(help="A running pool to measure beside the bound.", autocompletion=completing.pools),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A model's folder with its config.json.")
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            help="A GPU's name (H100-SXM, A100-80G, …), or cpu or cuda to measure this machine; by default what the "
            "pool runs on, or cpu."
        ),
    ] = "",
    dtype: Annotated[str, typer.Option(help="Number type; by default the pool's, or the model's.")] = "",
    weight_bits: Annotated[int, typer.Option(help="Bits of a stored weight, 4 for AWQ.", min=0, max=64)] = 0,
    tensor_parallel: Annotated[int, typer.Option(help="Devices that share every layer.", min=1)] = 1,
    batch: Annotated[str, typer.Option(help="Samples side by side, several with commas.")] = "1,8,64",
    prompt: Annotated[int, typer.Option(help="Tokens of the prompt they share.", min=1)] = 256,
    tokens: Annotated[int, typer.Option(help="Tokens of each sample.", min=1)] = 64,
    as_json: AsJson = False,
) -> None:
    """Bound a model's speed on a device by its memory and arithmetic, and measure a pool against that."""
    from branchwise.cli.pool.estimating import Question
    from branchwise.cli.pool.estimating import estimate as answer

    try:
        batches = tuple(int(part) for part in batch.split(","))
    except ValueError:
        batches = ()
    if not batches or min(batches) < 1:
        raise typer.BadParameter("write positive numbers with commas, 1,8,64", param_hint="--batch")
    question = Question(
        model=model,
        pool=name,
        device=device,
        dtype=dtype,
        weight_bits=weight_bits,
        tensor_parallel=tensor_parallel,
        batches=batches,
        prompt=prompt,
        tokens=tokens,
    )
    answer(question, as_json=as_json)


@pool.command()
def tune(
    profile: Annotated[Path, typer.Option("--profile", "-p", help="The engine to tune, as TOML.")],
    workload: Annotated[
        str | None,
        typer.Option(
            "--workload", "-w", help="A recorded run's id, `last`, or a .jsonl of prompts; else made up."
        ),
    ] = None,
    tries: Annotated[
        list[str] | None,
        typer.Option(
            "--try", "-t", help="Values of an option to try, max_num_seqs=16,64; several are combined."
        ),
    ] = None,
    in_flight: Annotated[int, typer.Option("--in-flight", help="Requests at once.", min=1)] = 64,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Try engine settings on a workload and keep the fastest for this model and device (`pool up --tuned`)."""
    from branchwise.cli.pool.tuning import tuned

    tuned(profile, workload, tries or [], in_flight=in_flight, store=store, as_json=as_json)
