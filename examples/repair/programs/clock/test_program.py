"""Tests of the program."""

import unittest

from program import later, shown


class Clock(unittest.TestCase):
    def test_later(self) -> None:
        self.assertEqual(later(60, 30), 90)

    def test_midnight(self) -> None:
        self.assertEqual(later(1439, 2), 1)

    def test_shown(self) -> None:
        self.assertEqual(shown(545), "09:05")

    def test_both(self) -> None:
        self.assertEqual(shown(later(1380, 75)), "00:15")
