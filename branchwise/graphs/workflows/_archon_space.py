"""The space of Archon's architectures, and the optimiser that proposes the next one (arXiv 2409.15254, section 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from branchwise.graphs.workflows._archon_layers import Component, calls
from branchwise.store.errors import BadInput

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Layers = list[list[dict[str, Any]]]
Setting = dict[str, int | str | bool]
PLAIN: Setting = {
    "models": 1,
    "samples": 1,
    "critic": False,
    "top_k": 0,
    "check": "none",
    "fusers": 0,
    "width_1": 1,
    "width_2": 1,
}
"""One sample of the first model: the architecture that every other one is compared with."""
_RANDOM = 10
"""Architectures drawn at random before the optimiser learns from scores."""
_ASKED = 100
"""Architectures that may be proposed without finding one that is new and within the budget of calls."""
_TOO_DEAR = -1.0
"""The score of an architecture above the budget of calls, which is not executed."""


def layers_of(setting: Setting, models: Sequence[str], max_tokens: int) -> Layers:
    """The layers that a setting stands for.

    Args:
        setting: By the names in `PLAIN`: how many of the first models, samples of each, a critic, how many the ranker
            keeps (0: no ranker), `none`, `verifier` or `unit_tests`, fuser layers, and fusers of all but the last one.
        models: Names, the best first; empty for the run's own model. The first one also judges and fuses.
        max_tokens: Of each component's replies.
    """

    def part(kind: str, model: str | None = None, **more: Any) -> dict[str, Any]:
        named = model or next(iter(models), None)
        return {"type": kind, "max_tokens": max_tokens, **more, **({"model": named} if named else {})}

    samples = setting["samples"]
    used: Sequence[str | None] = models[: int(setting["models"])] or [None]
    layers = [[part("generator", model, samples=samples) for model in used]]
    if setting["critic"]:
        layers.append([part("critic")])
    if setting["top_k"]:
        layers.append([part("ranker", top_k=setting["top_k"])])
    if setting["check"] == "verifier":
        layers.append([part("verifier")])
    elif setting["check"] == "unit_tests":
        layers += [[part("unit_test_generator")], [part("unit_test_evaluator")]]
    widths = [setting["width_1"], setting["width_2"]][: max(0, int(setting["fusers"]) - 1)]
    layers += [[part("fuser", samples=width)] for width in widths]
    return [*layers, [part("fuser")]] if setting["fusers"] else layers


def price(layers: Layers) -> int:
    """Model calls that layers cost at most on one problem."""
    return calls([[Component(**part) for part in layer] for layer in layers])


def proposed(
    tried: Sequence[tuple[Setting, float]],
    models: Sequence[str],
    most_calls: int,
    max_tokens: int,
    seed: int,
) -> Setting | None:
    """The next architecture to try: the plain one first, then by optuna's tree-structured Parzen estimator.

    It is a function of its arguments, so that a resumed search proposes the same.

    Args:
        tried: The settings that were executed, with their scores from 0 to 1.
        models: As in `layers_of`.
        most_calls: Calls that an architecture may cost on one problem.
        max_tokens: As in `layers_of`.
        seed: Makes it repeatable.

    Returns:
        A setting whose layers are new and within the calls; None where none was found.

    Raises:
        BadInput: optuna is not installed.
    """
    if not tried:
        return dict(PLAIN)
    optuna = optimiser()
    space = _space(max(1, len(models)))
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_RANDOM)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for setting, score in tried:
        study.add_trial(optuna.trial.create_trial(params=setting, distributions=space, value=score))
    known = [(layers_of(setting, models, max_tokens), score) for setting, score in tried]
    for _ in range(_ASKED):
        trial = study.ask(space)
        layers = layers_of(trial.params, models, max_tokens)
        before = next((score for one, score in known if one == layers), None)
        if before is None and price(layers) <= most_calls:
            return dict(trial.params)
        study.tell(trial, _TOO_DEAR if before is None else before)
    return None


def optimiser() -> Any:
    """The package optuna.

    Raises:
        BadInput: It is not installed.
    """
    try:
        import optuna  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise BadInput("The search for layers needs optuna: pip install 'branchwise[tuning]'.") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _space(models: int) -> Mapping[str, BaseDistribution]:
    from optuna.distributions import CategoricalDistribution, IntDistribution  # noqa: PLC0415

    return {
        "models": IntDistribution(1, models),
        "samples": IntDistribution(1, 8),
        "critic": CategoricalDistribution((False, True)),
        "top_k": IntDistribution(0, 5),
        "check": CategoricalDistribution(("none", "verifier", "unit_tests")),
        "fusers": IntDistribution(0, 3),
        "width_1": IntDistribution(1, 5),
        "width_2": IntDistribution(1, 5),
    }
