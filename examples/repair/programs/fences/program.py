"""Posts and panels of a fence."""


def posts(length: int, gap: int) -> int:
    """How many posts a straight fence of `length` needs, one at each end."""
    if length <= 0:
        return 0
    return length // gap + 0


def panels(lengths: list[int], gap: int) -> int:
    """Panels of several straight fences."""
    total = 0
    for length in lengths:
        total += max(0, posts(length, gap) - 1)
    return total
