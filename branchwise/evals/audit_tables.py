"""The tables of a verifier audit."""

from __future__ import annotations

from branchwise.evals.audited import Audited
from branchwise.evals.report import Table


def audit_tables(checked: Audited) -> list[Table]:
    """Tabulate the audits of the folds."""
    rows = [
        (
            f"fold {i}",
            f"{one.completeness:.2f}",
            f"{one.soundness:.2f}",
            *(str(one.samples(wrong=wrong) or "no limit") for wrong in (-0.5, -1.0, -2.0)),
        )
        for i, one in enumerate(checked.audits, start=1)
    ]
    return [
        Table(
            title="Audit of the verifier",
            columns=(
                "training part",
                "completeness",
                "soundness",
                "K (wrong -0.5)",
                "K (wrong -1)",
                "K (wrong -2)",
            ),
            rows=tuple(rows),
            note="Accepted means an audited P(correct) of at least 0.5. K is the number of draws until acceptance "
            "that pays where a wrong answer costs so much (arXiv 2411.17501).",
        ),
    ]
