"""Program of the child process that calls slow libraries: JSON lines in, JSON lines out.

It is started by its path and imports nothing of branchwise, so that it begins in a few milliseconds. A library is
imported at the first question that needs it; where it is not installed the answer is None.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from functools import cache
from typing import Any

_MEMORY = 3 << 30
"""Bytes of address space; a question that needs more ends the child, which its parent detects."""


def equal(one: str, other: str) -> bool | None:
    """Whether two LaTeX expressions are equal by math-verify; None where one cannot be parsed."""
    verify, read = _algebra()
    left, right = read(one), read(other)
    if not left or not right or isinstance(left[0], str) or isinstance(right[0], str):
        return None
    # math-verify is not symmetric: the result must not depend on which one is the reference.
    return bool(
        _close(left[0], right[0])
        and any(
            verify(a, b, float_rounding=15, numeric_precision=30, timeout_seconds=None)
            for a, b in ((left, right), (right, left))
        )
    )


def _close(left: Any, right: Any) -> bool:
    """Two of its rules are too wide: numbers are compared absolutely, equations by their solutions."""
    try:
        if getattr(left, "rel_op", "") == getattr(right, "rel_op", "") == "==":
            # Two equations are equal if their differences are proportional.
            ratio = ((left.lhs - left.rhs) / (right.lhs - right.rhs)).simplify()
            return bool(ratio.is_number and ratio.is_finite and ratio != 0)
        if not (left.is_number and right.is_number):
            return True
        a, b = left.evalf(40), right.evalf(40)
        return bool(abs(a - b) <= abs(b) * 10**-20)
    except (AttributeError, TypeError, ValueError, ZeroDivisionError):
        return True


@cache
def _algebra() -> tuple[Any, Any]:
    logging.disable(logging.WARNING)
    from latex2sympy2_extended import NormalizationConfig  # noqa: PLC0415
    from math_verify import LatexExtractionConfig, parse, verify  # noqa: PLC0415

    def read(latex: str) -> Any:
        # Its own rewriting would drop units and letters that look like units.
        plain = NormalizationConfig(
            basic_latex=True,
            units=False,
            malformed_operators=False,
            nits=False,
            boxed="none",
            equations=False,
        )
        wanted = [LatexExtractionConfig(normalization_config=plain)]
        return parse(f"${latex}$", wanted, fallback_mode="no_fallback", parsing_timeout=None)

    return verify, read


def language(text: str, codes: str) -> dict[str, float]:
    """The probability of each language (ISO 639-1) of `codes` by py3langid, for a text of any length."""
    return {str(code): float(chance) for code, chance in _identifier(codes).rank(text)}


@cache
def _identifier(codes: str) -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(codes.split())
    return identifier


def sentences(text: str, code: str) -> int:
    """The number of sentences of a text in a language, by sentencex; pieces without a word do not count."""
    from sentencex import segment  # noqa: PLC0415

    return sum(1 for line in text.splitlines() for piece in segment(code, line) if re.search(r"\w", piece))


_ANSWERS = {"equal": equal, "language": language, "sentences": sentences}


def main() -> None:
    """Answer questions until end of input."""
    try:
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    except (ImportError, OSError, ValueError):
        pass
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            said: Any = _ANSWERS[asked[0]](*asked[1:])
        except ImportError:
            said = None
        except Exception:
            said = None
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
