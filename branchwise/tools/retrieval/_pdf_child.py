"""Child process: the text of a PDF's pages by pypdf, as a JSON list on standard output; it has limits of memory."""

from __future__ import annotations

import contextlib
import json
import logging
import sys

_MEMORY = 2 * 2**30
_PAGES = 20_000
_CHARACTERS = 100_000_000
"""Maximum characters of all pages."""


def main(path: str) -> None:
    """Read the file and write its pages."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    logging.disable(logging.CRITICAL)
    try:
        from pypdf import PdfReader  # noqa: PLC0415 - in an extra
    except ImportError:
        sys.exit("PDF files need pypdf: pip install 'branchwise[retrieval]'.")
    pages: list[str] = []
    size = 0
    for page in PdfReader(path).pages:
        pages.append(page.extract_text())
        size += len(pages[-1])
        if size > _CHARACTERS or len(pages) > _PAGES:
            sys.exit(f"It holds more than {_CHARACTERS:,} characters or {_PAGES:,} pages.")
    sys.stdout.write(json.dumps(pages))


if __name__ == "__main__":
    main(sys.argv[1])
