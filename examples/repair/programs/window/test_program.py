"""Tests of the program."""

import unittest

from program import best


class Window(unittest.TestCase):
    def test_all(self) -> None:
        self.assertEqual(best([1, 2, 3], 3), 6)

    def test_end(self) -> None:
        self.assertEqual(best([1, 2, 3, 4], 2), 7)

    def test_begin(self) -> None:
        self.assertEqual(best([9, 8, 1, 1], 2), 17)

    def test_middle(self) -> None:
        self.assertEqual(best([1, 7, 6, 1, 2], 2), 13)
