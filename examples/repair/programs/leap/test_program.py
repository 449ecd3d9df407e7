"""Tests of the program."""

import unittest

from program import days, leap


class Leap(unittest.TestCase):
    def test_fourth(self) -> None:
        self.assertTrue(leap(2024))

    def test_plain(self) -> None:
        self.assertFalse(leap(2023))

    def test_century(self) -> None:
        self.assertFalse(leap(1900))

    def test_fourth_century(self) -> None:
        self.assertTrue(leap(2000))

    def test_days(self) -> None:
        self.assertEqual(days(2021, 2024), 1461)
