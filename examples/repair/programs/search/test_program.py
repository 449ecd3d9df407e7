"""Tests of the program."""

import unittest

from program import find


class Search(unittest.TestCase):
    def test_empty(self) -> None:
        self.assertEqual(find([], 1), -1)

    def test_every_place(self) -> None:
        values = [2, 3, 5, 7, 11, 13, 17]
        for index, value in enumerate(values):
            self.assertEqual(find(values, value), index)

    def test_first_of_two(self) -> None:
        self.assertEqual(find([4, 9], 4), 0)

    def test_missing(self) -> None:
        for wanted in (1, 4, 20):
            self.assertEqual(find([2, 3, 5], wanted), -1)
