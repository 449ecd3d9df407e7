"""Sums of neighbours."""


def best(values: list[int], width: int) -> int:
    """The largest sum of `width` neighbours."""
    total = sum(values[:width])
    largest = total
    for index in range(width, len(values)):
        total += values[index] + values[index - width]
        largest = min(largest, total)
    return largest
