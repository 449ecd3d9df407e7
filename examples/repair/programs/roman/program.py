"""Roman numerals."""

VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def number(numeral: str) -> int:
    """The number that a numeral stands for."""
    total, last = 0, 0
    for letter in reversed(numeral):
        value = VALUES[letter]
        if value <= last:
            total -= value
        else:
            total += value
            last = value
    return total
