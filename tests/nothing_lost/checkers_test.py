"""The checkers accept what is right and find each kind of wrong."""
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import checkers  # noqa: E402
from history import OK, REFUSED, UNKNOWN, Operation  # noqa: E402


def write(value, start, end, outcome=OK):
    return Operation("write", "k", start, end, outcome, value=value)


def read(found, start, end):
    return Operation("read", "k", start, end, OK, found=found)


def cas(expected, value, start, end, outcome=OK, applied=True, found=None):
    return Operation("cas", "k", start, end, outcome, value=value, expected=expected, applied=applied, found=found)


class Registers(unittest.TestCase):
    def accept(self, *history):
        self.assertIsNone(checkers.find_violation(list(history)))

    def refuse(self, *history):
        self.assertIsNotNone(checkers.find_violation(list(history)))

    def test_one_after_the_other(self):
        self.accept(read(None, 0, 1), write(1, 2, 3), read(1, 4, 5), cas(1, 2, 6, 7), read(2, 8, 9))

    def test_stale_read(self):
        self.refuse(write(1, 0, 1), write(2, 2, 3), read(1, 4, 5))

    def test_read_that_goes_back(self):
        self.refuse(write(1, 0, 1), write(2, 2, 9), read(2, 3, 4), read(1, 5, 6))

    def test_overlapping_reads_may_differ(self):
        self.accept(write(1, 0, 1), write(2, 2, 9), read(1, 3, 4), read(2, 5, 6))

    def test_lost_write(self):
        self.refuse(write(1, 0, 1), read(None, 2, 3))

    def test_unanswered_write_may_or_may_not_happen(self):
        self.accept(write(1, 0, 1, UNKNOWN), read(None, 2, 3), read(None, 4, 5))
        self.accept(write(1, 0, 1, UNKNOWN), read(None, 2, 3), read(1, 4, 5))

    def test_unanswered_write_happens_once(self):
        self.refuse(write(1, 0, 1, UNKNOWN), read(1, 2, 3), write(2, 4, 5), read(1, 6, 7))

    def test_many_at_once_are_not_too_many(self):
        writes = [write(value, 0, 9) for value in range(8)]
        reads = [read(value, 1, 8 + position / 100) for value in range(4) for position in range(8)]
        self.accept(*writes, *reads)
        self.refuse(*writes, *reads, read(None, 8.5, 8.6))

    def test_refused_write_never_happens(self):
        self.refuse(write(1, 0, 1, REFUSED), read(1, 2, 3))

    def test_two_compare_and_sets_from_one_value(self):
        self.refuse(write(1, 0, 1), cas(1, 2, 2, 5), cas(1, 3, 2, 5), read(3, 6, 7))

    def test_compare_and_set_that_found_an_old_value(self):
        self.refuse(write(1, 0, 1), write(2, 2, 3), cas(7, 8, 4, 5, applied=False, found=1))

    def test_random_histories_of_a_real_register(self):
        chance = random.Random(7)
        for _ in range(50):
            history, value, now = [], None, 0.0
            for number in range(200):
                now += 1
                start, end = now - chance.random() * 3, now + chance.random() * 3
                kind = chance.randrange(3)
                if kind == 0:
                    history.append(read(value, start, end))
                elif kind == 1:
                    value = number
                    history.append(write(number, start, end, chance.choice([OK, OK, UNKNOWN])))
                else:
                    history.append(cas(value, number, start, end))
                    value = number
            self.accept(*history)


class Others(unittest.TestCase):
    def test_inserts(self):
        history = [Operation("insert", 1, 0, 1, OK), Operation("insert", 2, 0, 1, UNKNOWN),
                   Operation("insert", 3, 0, 1, REFUSED)]
        self.assertEqual(checkers.check_inserts(history, {1}), [])
        self.assertEqual(checkers.check_inserts(history, {1, 2}), [])
        for wrong in ({2}, {1, 3}, {1, 4}):
            self.assertEqual(len(checkers.check_inserts(history, wrong)), 1)

    def test_batches(self):
        history = [Operation("batch", 1, 0, 1, OK), Operation("batch", 2, 0, 1, UNKNOWN)]
        self.assertEqual(checkers.check_batches(history, {1: 3, 2: 0}), [])
        self.assertEqual(len(checkers.check_batches(history, {1: 2, 2: 1})), 2)

    def test_sums(self):
        history = [Operation("add", "a", 0, 1, OK, value=5), Operation("add", "a", 0, 1, UNKNOWN, value=3)]
        for total, wrong in ((5, 0), (8, 0), (4, 1), (9, 1)):
            self.assertEqual(len(checkers.check_sums(history, "add", {"a": total})), wrong)

    def test_steps(self):
        step = Operation("increment", "a", 0, 1, OK, value=4)
        self.assertEqual(checkers.check_steps([step]), [])
        self.assertEqual(len(checkers.check_steps([step, step])), 1)

    def test_gap(self):
        history = [Operation("write", "a", 0, end, OK) for end in (1, 2, 8, 9)]
        self.assertEqual(checkers.longest_gap(history, 0, 10, []), (6, 2))
        self.assertEqual(checkers.longest_gap(history, 0, 10, [(3, 7)]), (2.0, 2))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"checkers: {result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
