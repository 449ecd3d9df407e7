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
    replicas: Annotated[int | None, typer.Option("--replicas", "-n", help="Number of engines.")] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile",
            "-p",
            help="Profile (TOML); options here override it. It may name a command, which is then run: read a profile "
            "of others first (--dry-run prints its commands).",
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the pool, used as --model pool:NAME.")] = "default",
    devices: Annotated[
        str | None, typer.Option(help="GPUs, `0,1,2`, or a range of CPU cores for each replica, `0-7;8-15`.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port of the first replica; default: free ports.")] = None,
    command: Annotated[
        str | None, typer.Option(help="Command that starts an engine, for example `vllm serve`.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "-o", help="Set an option of the engine, for example max_model_len=4096 (docs/pool.md)."
        ),
    ] = None,
    tuned: Annotated[
        bool, typer.Option("--tuned", help="Use the settings that `pool tune` found best here.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Run in the background: return when the pool is ready.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check the profile and print the commands without starting them."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start engines and supervise them until Ctrl-C or `pool down`; a dead engine is restarted."""
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
        str | None, typer.Argument(help="Name of a pool; default: all.", autocompletion=completing.pools)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the pools: each engine's health, load and prefix cache hits."""
    from branchwise.cli.pool.watching import status as show

    show(name, as_json=as_json)


@pool.command()
def down(
    name: Name = "default",
    now: Annotated[bool, typer.Option("--now", help="Do not wait for requests in flight.")] = False,
) -> None:
    """Stop a pool: drain requests in flight, then end its engines."""
    from branchwise.cli.pool.watching import down as stop

    stop(name, now=now)


@pool.command()
def logs(
    name: Name = "default",
    replica: Annotated[
        int | None, typer.Option("--replica", "-r", help="Number of a replica; default: all.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print new lines until Ctrl-C.")] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, help="Last lines of each log to print first.")
    ] = 20,
) -> None:
    """Print the logs of the engines."""
    from branchwise.cli.pool.watching import logs as show

    show(name, replica=replica, follow=follow, lines=lines)


@pool.command()
def estimate(
    name: Annotated[
        str | None,
        typer.Argument(help="Running pool to measure against the bound.", autocompletion=completing.pools),
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
    batch: Annotated[
        str, typer.Option(help="Numbers of concurrent samples, separated by commas.")
    ] = "1,8,64",
    prompt: Annotated[int, typer.Option(help="Tokens of their shared prompt.", min=1)] = 256,
    tokens: Annotated[int, typer.Option(help="Tokens of each sample.", min=1)] = 64,
    as_json: AsJson = False,
) -> None:
    """Compute a model's roofline bound on a device, and measure a pool against it."""
    from branchwise.cli.pool.estimating import EstimateOptions
    from branchwise.cli.pool.estimating import estimate as answer

    try:
        batches = tuple(int(part) for part in batch.split(","))
    except ValueError:
        batches = ()
    if not batches or min(batches) < 1:
        raise typer.BadParameter("write positive numbers with commas, 1,8,64", param_hint="--batch")
    question = EstimateOptions(
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
    profile: Annotated[
        Path,
        typer.Option("--profile", "-p", help="The engine to tune, as TOML; a command that it names is run."),
    ],
    workload: Annotated[
        str | None,
        typer.Option(
            "--workload",
            "-w",
            help="Id of a recorded run, `last`, or a .jsonl file of prompts; default: a synthetic workload.",
        ),
    ] = None,
    tries: Annotated[
        list[str] | None,
        typer.Option(
            "--try",
            "-t",
            help="Values of an option to try, for example max_num_seqs=16,64; several options are combined.",
        ),
    ] = None,
    in_flight: Annotated[int, typer.Option("--in-flight", help="Concurrent requests.", min=1)] = 64,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Try engine settings on a workload and keep the fastest for this model and device (`pool up --tuned`)."""
    from branchwise.cli.pool.tuning import tuned

    tuned(profile, workload, tries or [], in_flight=in_flight, store=store, as_json=as_json)


@pool.command()
def choose(
    profile: Annotated[
        Path,
        typer.Option("--profile", "-p", help="The engine whose settings to choose, as TOML; nothing starts."),
    ],
    workload: Annotated[
        str,
        typer.Option("--workload", "-w", help="Id of a recorded run, `last`, or a .jsonl file of prompts."),
    ],
    in_flight: Annotated[int, typer.Option("--in-flight", help="Concurrent requests.", min=1)] = 64,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Choose settings for a workload, learned from the trials of `pool tune` on at least three others."""
    from branchwise.cli.pool.choosing import chosen

    chosen(profile, workload, in_flight=in_flight, store=store, as_json=as_json)
