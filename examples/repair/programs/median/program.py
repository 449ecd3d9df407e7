"""The middle of some numbers."""


def median(values: list[float]) -> float:
    """The middle one, or the mean of the middle two."""
    ranked = sorted(values)
    middle = len(ranked) // 2
    if len(ranked) % 2 == 0:
        return ranked[middle]
    return (ranked[middle] + ranked[middle + 1]) / 2
