"""Times of day as minutes."""

DAY = 24 * 60


def later(minutes: int, add: int) -> int:
    """The time `add` minutes later, on a clock that begins anew at midnight."""
    return (minutes + add) // DAY


def shown(minutes: int) -> str:
    """A time as `hh:mm`."""
    return f"{minutes // 60:02}:{minutes // 60:02}"
