"""Tests of the program."""

import unittest

from program import balanced


class Brackets(unittest.TestCase):
    def test_empty(self) -> None:
        self.assertTrue(balanced(""))

    def test_nested(self) -> None:
        self.assertTrue(balanced("a(b[c]{d})"))

    def test_crossed(self) -> None:
        self.assertFalse(balanced("([)]"))

    def test_only_closed(self) -> None:
        self.assertFalse(balanced(")"))

    def test_left_open(self) -> None:
        self.assertFalse(balanced("(("))
