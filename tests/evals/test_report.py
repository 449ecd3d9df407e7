import json
import xml.etree.ElementTree as ET
from io import StringIO

import pytest
from rich.console import Console

from branchwise.evals.markdown import markdown
from branchwise.evals.page import page
from branchwise.evals.report import Curve, Point, Report, Table
from branchwise.evals.terminal import terminal
from branchwise.statistics.bootstrap import Interval
from branchwise.statistics.reliability import reliability

EVIL = '<script>alert("x")</script> | [red]'


def report() -> Report:
    points = tuple(
        Point(tokens=10.0**k, accuracy=Interval(mean=0.1 * k, low=0.1 * k - 0.05, high=0.1 * k + 0.05))
        for k in (1, 2, 3)
    )
    return Report(
        title=EVIL,
        facts={"Source": EVIL},
        tables=(Table(title="T", columns=("name", "value"), rows=((EVIL, "23.0 [17.1, 29.4]"),), note=EVIL),),
        curves=(Curve(name=EVIL, points=points),),
        reliability={"Forecast": reliability([0.1, 0.9], [0, 1])},
    )


def test_the_page_is_well_formed_and_runs_nothing() -> None:
    text = page([report(), report()])
    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
    body = text[text.index("<main>") : text.index("</main>") + len("</main>")]
    tree = ET.fromstring(body)
    svg = "{http://www.w3.org/2000/svg}"
    assert len(tree.findall(f".//{svg}polyline")) == 2
    assert len(tree.findall(f".//{svg}circle")) == 2 * (3 + 2)


def test_markdown_keeps_one_row_a_line() -> None:
    lines = markdown(report()).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 3
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1


def test_the_terminal_shows_text_as_it_is() -> None:
    console = Console(record=True, width=200, file=StringIO())
    terminal(report(), console)
    assert EVIL in console.export_text()


def test_json_holds_the_numbers() -> None:
    read = json.loads(report().dumps())
    assert read["curves"][0]["points"][1]["accuracy"]["mean"] == pytest.approx(0.2)
    assert read["reliability"]["Forecast"]["brier"] == pytest.approx(0.01)


def test_a_ragged_table_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells"):
        Table(title="T", columns=("a", "b"), rows=(("1",),))
