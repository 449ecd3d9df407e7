"""A corpus of files: each format is read, and an update reads only what is new or changed."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from branchwise.store.errors import BadInput
from branchwise.tools.retrieval import BM25, Embeddings, update
from branchwise.tools.retrieval.corpus import Changes
from branchwise.tools.retrieval.reading import found, paragraphs, split
from tests.tools.retrieval.letters import Letters

LONG = "A paragraph of some words about birds and trees. "


def pdf(path: Path, *pages: str) -> Path:
    """Write a PDF of one line a page."""
    kids = " ".join(f"{3 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
    ]
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    for i, text in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources {font} /Contents {4 + 2 * i} 0 R >>"
        )
        shown = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET"
        objects.append(f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream")
    body, places = "%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n"
    end += f"<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    path.write_text(body + end)
    return path


def test_paragraphs_are_parts_between_blank_lines() -> None:
    text = f"# A heading\n\n{LONG}\n \n{LONG}\r\n\r\n{'x' * 5000}\n\nend"
    parts = list(split(text))
    assert parts[0] == f"# A heading\n{LONG.strip()}"
    assert parts[1] == LONG.strip()
    assert all(len(part) <= 2_000 for part in parts)
    assert "".join(parts[2:5]) == "x" * 5000
    assert parts[5] == "end"


def test_every_format_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LONG + "\n\n" + LONG)
    (tmp_path / "b.md").write_text("# Birds\n\n" + LONG)
    (tmp_path / "c.jsonl").write_text('{"title": "T", "text": "one"}\n\n"two"\n{"contents": "three"}\n')
    pdf(tmp_path / "d.pdf", LONG, "The second page speaks of owls that hunt at night.")
    (tmp_path / "e.exe").write_text("no")
    files = found([tmp_path])
    assert [path.name for path in files] == ["a.txt", "b.md", "c.jsonl", "d.pdf"]
    read = {path.name: paragraphs(path) for path in files}
    assert [len(read[name]) for name in ("a.txt", "b.md", "c.jsonl", "d.pdf")] == [2, 1, 3, 2]
    assert [(p.text, p.place) for p in read["c.jsonl"]] == [
        ("T\none", "line 1"),
        ("two", "line 3"),
        ("three", "line 4"),
    ]
    assert read["d.pdf"][1].place == "page 2"
    assert "owls" in read["d.pdf"][1].text
    assert [p.number for p in read["d.pdf"]] == [0, 1]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.jsonl", '{"text": "a"}\n{"text": ', "line 2 is not JSON"),
        ("x.jsonl", '{"words": "a"}', "line 1 has no text"),
        ("x.jsonl", "[" * 100_000, "is not JSON"),
        ("x.pdf", "no PDF", "cannot be read as PDF"),
        ("x.exe", "", "is none of"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=said):
        [paragraphs(path) for path in found([tmp_path / name])]


@pytest.mark.parametrize("method", ["bm25", "embeddings"])
async def test_an_update_reads_only_what_changed(
    tmp_path: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, folder = tmp_path / "texts", tmp_path / "index"
    texts.mkdir()
    for name in ("owl", "cat", "dog"):
        (texts / f"{name}.txt").write_text(
            f"The {name} sleeps in the house of my aunt, who lives by the sea."
        )

    def opened() -> BM25 | Embeddings:
        return BM25(folder=folder / "i") if method == "bm25" else Embeddings(Letters(), folder=folder / "i")

    assert await update(opened(), [texts], folder) == Changes(new=3)
    assert await update(opened(), [texts], folder) == Changes(same=3)
    (texts / "cat.txt").write_text("The zebra runs over the plain as fast as a car on the road does.")
    (texts / "dog.txt").unlink()
    (texts / "emu.txt").write_text("The emu is a bird that cannot fly, and it can run for a long time.")
    os.utime(texts / "owl.txt", (time.time() + 9, time.time() + 9))
    index = opened()
    assert await update(index, [texts], folder) == Changes(new=1, changed=1, removed=1, same=1)
    for one in (index, opened()):
        assert len(one) == 3
        assert [Path(p.source).name for p in await one.search("zebra", 1)] == ["cat.txt"]
    with pytest.raises(BadInput, match="holds the index"):
        await update(BM25(name="other"), [texts], folder)
    (folder / "files.json").write_text("{")
    with pytest.raises(BadInput, match="index again"):
        await update(opened(), [texts], folder)


async def test_a_batch_that_a_crash_cut_off_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LONG)
    index = BM25(folder=tmp_path / "i")
    await update(index, [tmp_path / "a.txt"], tmp_path / "m")
    kept = json.loads((tmp_path / "m" / "files.json").read_text())
    (tmp_path / "m" / "files.json").write_text(
        json.dumps({**kept, "files": {}})
    )  # as before the list was kept
    assert await update(index, [tmp_path / "a.txt"], tmp_path / "m") == Changes(new=1)
    assert len(index) == 1
