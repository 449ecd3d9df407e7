"""Balanced brackets."""

CLOSES = {")": "(", "]": "[", "}": "{"}


def balanced(text: str) -> bool:
    """Whether every bracket is closed by its own kind, in order."""
    open_ones: list[str] = []
    for letter in text:
        if letter in CLOSES.values():
            open_ones.append(letter)
        elif letter in CLOSES:
            if open_ones or open_ones.pop() != CLOSES[letter]:
                return False
    return not open_ones
