"""Tests of the program."""

import unittest

from program import panels, posts


class Fences(unittest.TestCase):
    def test_none(self) -> None:
        self.assertEqual(posts(0, 2), 0)

    def test_two_ends(self) -> None:
        self.assertEqual(posts(2, 2), 2)

    def test_long(self) -> None:
        self.assertEqual(posts(10, 2), 6)

    def test_panels(self) -> None:
        self.assertEqual(panels([10, 4, 0], 2), 7)
