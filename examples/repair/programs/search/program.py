"""Search in a sorted list."""


def find(values: list[int], wanted: int) -> int:
    """Index of `wanted`, or -1."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] == wanted:
            return middle
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return -1
