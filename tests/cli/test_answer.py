"""`branchwise answer`: a question of a run, of its type, and then on."""

from __future__ import annotations

from pathlib import Path

from tests.cli.typed import ECHO, FLOWS, branchwise, good


def test_an_answer_of_its_type_goes_on(home: Path) -> None:
    (home / "no.json").write_text("false", encoding="utf-8")
    words = ("run", f"{FLOWS}:letter", "-i", '{"topic": "tea"}', *ECHO)
    for answer, said in (("true", "said True"), ("@no.json", "said False")):
        waits = branchwise(*words, "--id", said.replace(" ", "-"))
        assert (waits.exit_code, "approve/1/approve asks:" in waits.stdout) == (4, True)
        run_id = said.replace(" ", "-")
        assert branchwise("answer", run_id, "7").exit_code == 2
        assert branchwise("answer", run_id, "true", "--key", "gone").exit_code == 2
        answered = good("answer", run_id, answer, "--by", "Ann")
        assert answered["status"] == "paused"
        assert good("resume", run_id)["output"]["noted"] == [said]
        [kept] = [one for one in good("show", run_id)["decisions"] if one["kind"] == "answer"]
        assert kept["payload"]["by"] == "Ann"
        assert branchwise("answer", run_id, answer).exit_code == 2
