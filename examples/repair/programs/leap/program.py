"""Days of a year."""


def leap(year: int) -> bool:
    """Whether a year of the Gregorian calendar has 366 days."""
    return year % 4 == 0 or (year % 100 != 0 or year % 400 == 0)


def days(first: int, last: int) -> int:
    """Days of the years from `first` to `last`, both included."""
    return sum(366 if leap(year) else 365 for year in range(first, last + 1))
