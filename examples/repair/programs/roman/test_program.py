"""Tests of the program."""

import unittest

from program import number


class Roman(unittest.TestCase):
    def test_one(self) -> None:
        self.assertEqual(number("I"), 1)

    def test_repeated(self) -> None:
        self.assertEqual(number("III"), 3)

    def test_subtracted(self) -> None:
        self.assertEqual(number("XIV"), 14)

    def test_long(self) -> None:
        self.assertEqual(number("MCMXCIV"), 1994)
