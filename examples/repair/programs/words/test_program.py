"""Tests of the program."""

import unittest

from program import wrapped


class Words(unittest.TestCase):
    def test_nothing(self) -> None:
        self.assertEqual(wrapped("  ", 5), [])

    def test_one_line(self) -> None:
        self.assertEqual(wrapped("a bc d", 6), ["a bc d"])

    def test_space_counts(self) -> None:
        self.assertEqual(wrapped("ab cd", 4), ["ab", "cd"])

    def test_many(self) -> None:
        self.assertEqual(wrapped("one two three", 7), ["one two", "three"])

    def test_long_word(self) -> None:
        self.assertEqual(wrapped("a longest b", 3), ["a", "longest", "b"])
