"""The fewest coins of a sum."""


def coins(amount: int, kinds: list[int]) -> int | None:
    """How many coins make `amount`; None if none do."""
    best: list[int | None] = [0] + [None] * amount
    for sum_ in range(1, amount + 1):
        for kind in kinds:
            if kind <= sum_:
                before = best[sum_ - kind]
                if before is not None:
                    known = best[sum_]
                    if known is None or before + 1 > known:
                        best[sum_] = before + 1
    return best[amount]
