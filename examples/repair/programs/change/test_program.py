"""Tests of the program."""

import unittest

from program import coins


class Change(unittest.TestCase):
    def test_nothing(self) -> None:
        self.assertEqual(coins(0, [5]), 0)

    def test_one_coin(self) -> None:
        self.assertEqual(coins(4, [1, 3, 4]), 1)

    def test_not_greedy(self) -> None:
        self.assertEqual(coins(6, [1, 3, 4]), 2)

    def test_impossible(self) -> None:
        self.assertIsNone(coins(7, [2, 4]))
