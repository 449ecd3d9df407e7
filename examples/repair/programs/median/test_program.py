"""Tests of the program."""

import unittest

from program import median


class Median(unittest.TestCase):
    def test_one(self) -> None:
        self.assertEqual(median([4]), 4)

    def test_odd(self) -> None:
        self.assertEqual(median([9, 1, 5]), 5)

    def test_even(self) -> None:
        self.assertEqual(median([4, 1, 3, 2]), 2.5)

    def test_two(self) -> None:
        self.assertEqual(median([1, 2]), 1.5)
