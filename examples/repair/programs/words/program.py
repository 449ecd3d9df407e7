"""Lines of at most so many letters."""


def wrapped(text: str, width: int) -> list[str]:
    """Words filled into lines of at most `width`; a longer word has its own."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if not line:
            line = word
        elif len(line) + len(word) <= width:
            line = line + " " + word
        else:
            lines.append(line)
            line = word
    if not line:
        lines.append(line)
    return lines
