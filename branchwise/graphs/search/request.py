"""The input of a search: validation, storage and parsing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError

from branchwise import models, tasks, tools
from branchwise.agents import verifiers
from branchwise.agents.planning.audit import Audit
from branchwise.agents.planning.policy_table import PolicyTable
from branchwise.agents.prompts import Prompts
from branchwise.graphs import aggregations, strategies
from branchwise.graphs.runtime.spec import COMMON, RunSpec, spec_fields, unknown_option
from branchwise.graphs.search.needs import check_needs
from branchwise.graphs.search.state import Options
from branchwise.graphs.search.voting import aggregation
from branchwise.graphs.strategies._workflow import WORKFLOW
from branchwise.models.conversation import Problem, conversation, read_problem
from branchwise.models.protocol import Capabilities, Model
from branchwise.models.require import require_abilities
from branchwise.models.turn import Turn
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Json, Verdict
from branchwise.tasks.requirements import modules, required, requirements
from branchwise.tasks.task import Task, not_judged

_LONGEST = 200_000
_LEFT_OUT = frozenset({"messages", "model_options", "require", "turn", "id", "expected", "metadata"})
_NESTED = frozenset({"budget", "options", "model_options"})
_STRICT = ConfigDict(extra="forbid")  # an option that another version wrote is not passed over
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchInput:
    """Input of the workflow `solve`; model, seed and budget are those of the RunSpec."""

    __pydantic_config__ = _STRICT

    problem: str
    """The problem in words; of a conversation the text that verifiers read."""
    messages: tuple[Mapping[str, JsonValue], ...] = ()
    """The problem as a conversation in OpenAI's form; empty if it is a text."""
    turn: Turn | None = None
    """What is asked of the conversation's next message."""
    task: str = "text"
    policy: str = ""
    """A fitted policy table as JSON text; empty for none."""
    require: tuple[Mapping[str, JsonValue], ...] = ()
    """Requirements on the whole reply, each in its stored form."""
    options: Options = field(default_factory=Options)
    id: str | None = None
    """A name of the caller's for the problem."""
    expected: JsonValue = None
    """The right answer, where the caller knows it; shown with the result and never used by the run."""
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    """Other data of the caller's, shown with the result."""


def check(spec: RunSpec) -> None:
    """Refuse an invalid request before anything is stored or spent.

    Raises:
        BadInput: The request cannot be solved; the message gives the reason.
    """
    request = input_of(spec)
    if not request.problem.strip():
        raise BadInput("The problem is empty.")
    if len(request.problem) > _LONGEST:
        raise BadInput(f"The problem has {len(request.problem)} characters; at most {_LONGEST} are taken.")
    if _SURROGATE.search(request.problem):
        raise BadInput("The problem is no valid Unicode text.")
    models.addresses(spec.model, spec.base_url)
    task, options = task_of(request), request.options
    task.validate(request.problem)
    options_of(as_fields(options))
    for name in options.arms if options.strategy == "auto" else (options.strategy,):
        strategies.info(name)
        strategies.load(name, **options.knobs)
    _check_verifier(task, options)
    tools.check(options.tools)
    if options.aggregation:
        aggregations.load(options.aggregation)
    if options.memory and options.mode == "paper":
        raise BadInput("The selector's paper mode remembers no earlier runs; leave out memory or mode.")
    audit = PolicyTable.loads(request.policy).audit if request.policy else None
    if options.abstain_below and not checked(task, options) and not _ranks(audit):
        raise BadInput(
            "Abstaining below a confidence needs a verifier whose scores tell right answers from wrong ones on "
            "labelled runs: fit a policy table (`branchwise planner fit`), or use a task that a program checks."
        )
    if options.abstain_below and not checked(task, options) and aggregation(options) != "best_of_n":
        raise BadInput(
            "Abstaining below a confidence needs an answer that is chosen by its score: that of an answer that a vote "
            "or another aggregation chose is not calibrated. Leave out abstain_below or aggregation, or use best_of_n "
            "or auto."
        )
    prompts = Prompts(folder=Path(spec.prompts) if spec.prompts else None)
    prompts.load("constraint", task.name)
    prompts.check()


def _ranks(audit: Audit | None) -> bool:
    """Whether some confidence depends on the score."""
    return audit is not None and any(audit.ranks(n) for n, _ in audit.selected)


def _check_verifier(task: Task, options: Options) -> None:
    if options.verifier != "auto":
        verifiers.find(options.verifier)
    if options.verifier == "program" and task.check is None:
        raise BadInput(f"The task `{task.name}` has no checker; use --knob verifier=llm.")
    if (options.verifier == "reward") != bool(options.scorer):
        raise BadInput("A reward model needs both: verifier=reward and scorer=http://HOST/classify.")
    if options.scorer:
        models.load(f"scorer:{options.scorer}")


def task_of(request: SearchInput, can: Capabilities | None = None) -> Task:
    """The task with the run's conversation and requirements, which constrain decoding where the engine `can`."""
    task = required(tasks.load(request.task), requirements(request.require), can)
    if request.messages:
        task = replace(task, conversation=conversation(request.messages))
    return task if request.turn is None else _turned(task, request.turn)


def _turned(task: Task, turn: Turn) -> Task:
    own, check = task.output_format, task.check

    def judged(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
        # Requirements are those of a message to the user; whether a call serves it shows only afterwards.
        if check is None or turn.calls(text) is not None:
            return not_judged("the message calls tools.", "turn")
        return check(constraints, text, complete)

    return replace(
        task,
        turn=turn,
        answer=turn.answer(task.answer),
        check=None if check is None else judged,
        output_format=lambda constraints, text, grain: (
            turn.form(own(constraints, text, grain)) if grain == "solution" else own(constraints, text, grain)
        ),
    )


def put(problem: Problem, system: str | None, task: str) -> tuple[str, tuple[Mapping[str, JsonValue], ...]]:
    """A problem in words and as messages; a task that parses it by program gets the last question.

    Raises:
        BadInput: It is neither a text nor messages that can be used.
    """
    words, messages = read_problem(problem, system)
    if messages and tasks.load(task).check is not None:
        return conversation(messages).question or words, messages
    return words, messages


def checked(task: Task, options: Options) -> bool:
    """Whether a program judges the answers rather than a model."""
    return options.verifier == "program" or (options.verifier == "auto" and task.check is not None)


def imported(request: SearchInput) -> frozenset[str]:
    """The modules that the input names.

    Those of its task, strategies (a policy table's too), verifier, aggregation and requirements.
    """
    options = request.options
    fitted = PolicyTable.loads(request.policy).rows if request.policy else ()
    arms = [choice.strategy for row in fitted for choice in row.choices]
    own = tools.modules(options.tools)
    named = (request.task, options.strategy, options.verifier, options.aggregation, *options.arms, *arms)
    outside = (name.removeprefix(WORKFLOW) for name in named)
    return own | modules(request.require) | {name.partition(":")[0] for name in outside if ":" in name}


def check_engine(request: SearchInput, engine: Model) -> None:
    """Refuse an engine or a machine that lacks what the strategy, the task's output format or its checker needs.

    Raises:
        Unsupported: Says what is missing and which engines have it.
        SandboxError: The task's checker runs programs, which this machine cannot contain.
    """
    options = request.options
    if options.verifier == "yes_no":
        require_abilities("verifier `yes_no`", engine, "choices", "logprobs")
    for name in options.arms if options.strategy == "auto" else (options.strategy,):
        check_needs(name, engine)
    task = task_of(request)
    if checked(task, options):
        task.ready()
    _check_messages(task, engine)
    known = task.read_constraints(request.problem) or Constraints()
    output_format = task.output_format(known, "", "solution")
    held = {"choices": output_format.choices, "regex": output_format.regex, "schema": output_format.schema}
    require_abilities(f"task `{task.name}`", engine, *(ability for ability, form in held.items() if form))


def _check_messages(task: Task, engine: Model) -> None:
    said = task.conversation.messages if task.conversation else ()
    if any(message.pictures for message in said):
        require_abilities("conversation", engine, "pictures")
    if any(message.tool_calls for message in said) or (task.turn is not None and task.turn.tools):
        require_abilities("conversation", engine, "tools")


def search_spec(request: SearchInput, **common: Any) -> RunSpec:
    """The request of a run: this input and fields of RunSpec."""
    return RunSpec(workflow="solve", input=as_fields(request), **common)


def input_of(spec: RunSpec) -> SearchInput:
    """Parse a search's input; runs of versions before `Options.exclude` keep it off.

    Raises:
        UnknownName: It has an option, or a value of one, that this version does not know.
        BadInput: It is not a search's.
    """
    given = spec.input if isinstance(spec.input, Mapping) else {}
    options = given.get("options")
    if isinstance(options, Mapping) and "exclude" not in options:
        given = {**given, "options": {**options, "exclude": False}}
    try:
        return _INPUT.validate_python(given)
    except ValidationError as error:
        if unknown := unknown_option(error):
            raise unknown from error
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"The input `{where}` of a search cannot be used: {first['msg']}.") from error


def stored(spec: RunSpec) -> Json:
    """A search's request as stored: the input's fields beside the others, as in versions before workflows."""
    request, asked = input_of(spec), differing(spec)
    common = {name: getattr(spec, name) for name in COMMON}
    # Defaults are not stored, so that older versions can read the run.
    shown = {k: v for k, v in {**as_fields(request), **common}.items() if k in asked or k not in _LEFT_OUT}
    if "turn" in shown:
        shown["turn"] = asked["turn"]
    for name in _NESTED & shown.keys():
        shown[name] = as_fields(shown[name])
    return cast("Json", shown)


def differing(spec: RunSpec) -> Mapping[str, Json]:
    """The fields of input and request that differ from their defaults."""
    common = spec_fields(spec, COMMON)
    return {**_INPUT.dump_python(input_of(spec), mode="json", exclude_defaults=True), **common}


def options_of(fields: Mapping[str, object]) -> Options:
    """Build options from names and values that a person gave.

    Raises:
        BadInput: A value cannot be used.
    """
    try:
        return _OPTIONS.validate_python(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"The option `{where}` cannot be {first['input']!r}: {first['msg']}.") from error


# Building one takes as long as half a short run.
_OPTIONS = TypeAdapter(Options)
_INPUT = TypeAdapter(SearchInput)
