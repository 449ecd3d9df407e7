"""The files that a host of repositories reads: workflows without findings that call make targets, citation, forms."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_zizmor_finds_nothing() -> None:
    installed = distribution("zizmor")
    [program] = [file for file in installed.files or () if file.stem == "zizmor" and "bin" in file.parts]
    command = [str(installed.locate_file(program)), "--offline", "--no-progress", ".github"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_what_there_is_and_pins_what_it_uses(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    runs = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    called = {target for run in runs for target in re.findall(r"^make ([a-z]+)", run, re.MULTILINE)}
    assert called <= TARGETS, called - TARGETS
    for script in re.findall(r"run: (\.\S+)", text):
        assert (ROOT / script).stat().st_mode & 0o100, script
    for used in re.findall(r"uses: (\S+)", text):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), used


def test_a_release_tries_the_wheel_before_it_is_kept() -> None:
    [path] = [workflow for workflow in WORKFLOWS if workflow.stem == "release"]
    steps = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]["build"]["steps"]
    [tried] = [i for i, step in enumerate(steps) if "dist/*.whl" in step.get("run", "")]
    [kept] = [i for i, step in enumerate(steps) if "upload-artifact" in step.get("uses", "")]
    assert tried < kept
    assert {"pip", "branchwise"} <= set(re.findall(r"bin/(\w+)", steps[tried]["run"]))


def test_forms_ask_for_the_doctor() -> None:
    assert FORMS
    for form in FORMS:
        text = form.read_text(encoding="utf-8")
        assert "branchwise doctor --json" in text
        fields = [part for part in yaml.safe_load(text)["body"] if part["type"] != "markdown"]
        assert len({part["id"] for part in fields}) == len(fields)
        assert all(part["attributes"]["label"] for part in fields)


def test_the_citation_names_this_version_and_licence() -> None:
    """`make citation` validates the file against the format's schema."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()


def test_the_changelog_is_in_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert titles[0] == "[Unreleased]"
    assert titles[1].startswith(f"[{version}]")
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", title) for title in titles[1:])
    kinds = set(re.findall(r"^### (.*)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
