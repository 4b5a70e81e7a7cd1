"""The parts of the oracle that need no server: the same seed, the grammar, differences, shrinking."""
import random
import re
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / "cql")]

import compare  # noqa: E402
import cql_types  # noqa: E402
import shrink  # noqa: E402
import spelling  # noqa: E402
import values  # noqa: E402
from expressions import Context  # noqa: E402
from grammar import Grammar, read_rules  # noqa: E402
from native_client import BATCH, encode, value_text  # noqa: E402
from program import Program, case_text, make_case  # noqa: E402
from scenarios import parse_values  # noqa: E402
from schema import Schema  # noqa: E402
from writes import Writer  # noqa: E402

GRAMMAR = Grammar()


class Programs(unittest.TestCase):
    def texts(self, seed):
        return [case_text(case) for case in Program(seed, 3, 60, GRAMMAR).cases]

    def test_a_seed_is_a_program(self):
        self.assertEqual(self.texts(7), self.texts(7))
        self.assertNotEqual(self.texts(7), self.texts(8))

    def test_every_marker_has_its_value(self):
        for number in range(3):
            for case in Program(1, number, 120, GRAMMAR).cases:
                text, bound = shrink.split_bound(case.statement)
                if bound is not None:
                    self.assertEqual(len(shrink.markers(spelling.TOKEN.findall(text))), len(bound), case.statement)

    def test_plain_writes_say_their_timestamp(self):
        for case in Program(2, 0, 200, GRAMMAR).cases[:40]:
            if case.statement.startswith("INSERT") and " IF " not in case.statement:
                self.assertTrue("TIMESTAMP" in case.statement or "timestamp" in case.directives, case.statement)

    def test_what_is_said_again_was_prepared(self):
        said, again = set(), 0
        for case in Program(4, 1, 400, GRAMMAR).cases:
            if "again" in case.directives:
                again += 1
                self.assertIn(case.statement, said)
            said.add(case.statement)
        self.assertGreater(again, 0)

    def test_pages_go_on_where_they_began(self):
        begun, ended = [], 0
        for case in Program(9, 1, 900, GRAMMAR).cases:
            if case.directives.get("pages") == "first":
                begun.append(case.statement)
            elif case.directives.get("pages") == "rest":
                begun.remove(case.statement)
                ended += 1
        self.assertGreater(ended, 2)

    def test_batches_with_conditions_mostly_have_one_partition(self):
        chance, alike, unlike = random.Random(6), 0, 0
        for _ in range(400):
            schema = Schema(chance)
            table = chance.choice(schema.tables[:3])
            table.has_conditions = True
            statement = Writer(chance).batch(Context(chance, schema, False), table)[0]
            keys = re.findall(rf"\b{table.partition[0].name} = (-?\d+)\b", statement)
            if " IF " in statement and table.partition[0].kind == ("int",) and len(keys) > 1:
                alike, unlike = alike + (len(set(keys)) == 1), unlike + (len(set(keys)) > 1)
        self.assertGreater(alike, 2 * unlike)

    def test_time_stands_still_or_goes_on(self):
        programs = [Program(3, number, 60, GRAMMAR) for number in range(8)]
        seconds = [[int(case.directives["now"]) for case in program.cases if "now" in case.directives]
                   for program in programs]
        self.assertEqual([said == sorted(said) for said in seconds], [True] * len(programs))
        self.assertEqual({bool(said) for said in seconds}, {True, False})


class Messages(unittest.TestCase):
    def test_batches_come_apart(self):
        text = "BEGIN UNLOGGED BATCH DELETE FROM t0 WHERE k = 1; UPDATE t0 SET v = ? WHERE k = 2 IF EXISTS; APPLY BATCH"
        kind, parts = BATCH.fullmatch(text).groups()
        self.assertEqual((kind, len(parts.split("; "))), ("UNLOGGED ", 2))
        self.assertIsNone(BATCH.fullmatch(text.replace("BATCH DELETE", "BATCH USING TIMESTAMP 5 DELETE")))


class Spellings(unittest.TestCase):
    def test_only_letters_change(self):
        plain_statement = "SELECT v, max(w) FROM t0 WHERE k = 'it''s' AND c IN (?, ?)"
        chance = random.Random(4)
        for statement in [plain_statement, plain_statement + " :: 1, 2"] * 100:
            said = spelling.respelled(chance, statement, "ks")
            plain = re.sub(r"--[^\n]*\n|//[^\n]*\n|/\*.*?\*/", " ", said.replace("$$it's$$", "'it''s'"))
            plain = re.sub(r"\s+", " ", plain.replace("ks.t0", "t0").replace('"', "")).lower()
            self.assertEqual(plain.replace(" ", ""), statement.lower().replace(" ", ""))


class Values(unittest.TestCase):
    def test_bound_values_mean_their_wire_form(self):
        chance = random.Random(1)
        user_type = ("udt", "u", [("a", ("int",)), ("b", ("frozen", ("list", ("text",))))])
        for _ in range(500):
            kind = cql_types.for_column(chance, [user_type])
            value = values.any_value(chance, kind)
            bound = parse_values(value.bound)[0]
            if not isinstance(bound, bytes) and "vector" not in str(kind):
                self.assertEqual(encode(wire_kind(kind), bound), value.wire, value)

    def test_durations_are_zigzag_vints(self):
        self.assertEqual(value_text(("duration",), values.duration_wire((14, -3, 5400 * 10**9))),
                         "duration 14 -3 5400000000000")


def wire_kind(kind):
    kind = cql_types.bare(kind)
    if kind[0] in ("list", "set", "map"):
        return kind[:1] + tuple(map(wire_kind, kind[1:]))
    if kind[0] == "tuple":
        return ("tuple", [wire_kind(part) for part in kind[1]])
    if kind[0] == "udt":
        return kind[:2] + ([(name, wire_kind(part)) for name, part in kind[2]],)
    return ("varchar",) if kind[0] == "text" else kind


class Grammars(unittest.TestCase):
    def test_rules_are_read_without_their_actions(self):
        rules = read_rules("%%\na: b ';' { $$ = '}'; } | %empty { x(); } ;\n"
                           "b: \"WORD\" // it's\n| ':' %prec HINT ;\n%%")
        self.assertEqual(rules, {"a": [["b", "';'"], []], "b": [['"WORD"'], ["':'"]]})

    def test_every_symbol_is_a_rule_or_a_word(self):
        chance = random.Random(5)
        for name in GRAMMAR.rules:
            self.assertLess(GRAMMAR.heights[name], 30, name)
        for _ in range(200):
            self.assertNotRegex(GRAMMAR.sentence(chance, ["t", "k"]), "opt_|_list")


class Differences(unittest.TestCase):
    def kind(self, reference, subject):
        return compare.difference(reference, subject)

    def test_kinds(self):
        rows = ["  k int", "  1", "  2", "  (2 rows)"]
        self.assertIsNone(self.kind(rows, list(rows)))
        self.assertEqual(self.kind(rows, ["  k int", "  2", "  1", "  (2 rows)"]), "order")
        self.assertEqual(self.kind(rows, ["  k int", "  1", "  (1 rows)"]), "rows")
        self.assertEqual(self.kind(rows, ["  k text", "  1", "  2", "  (2 rows)"]), "columns")
        self.assertEqual(self.kind(rows, ["  Invalid: no"]), "outcome")
        self.assertEqual(self.kind(rows, ["  k int", "  1", "  (1 rows)", "  -- next page", "  k int", "  2",
                                          "  (1 rows)"]), "pages")
        self.assertEqual(self.kind(["  Invalid: a"], ["  SyntaxError: a"]), "code")
        self.assertEqual(self.kind(["  Invalid: a"], ["  Invalid: b"]), "message")
        self.assertIsNone(self.kind(["  SyntaxError: a"], ["  SyntaxError: b"]))

    def test_clocks_do_not_count(self):
        self.assertIsNone(self.kind(["  w bigint", "  1794000000000001", "  (1 rows)"],
                                    ["  w bigint", "  1794000000000777", "  (1 rows)"]))

    def test_signatures_leave_names_out(self):
        found = {compare.signature(f"SELECT {name} FROM t0", ["  done"], [f"  Invalid: no {name} of type {kind}"])
                 for name, kind in (("v", "int"), ("w", "map<int, text>"))}
        self.assertEqual(len(found), 1)

    def test_a_busy_server_says_nothing(self):
        self.assertTrue(compare.is_overloaded(["  Overloaded: Query timed out before it could start"]))
        self.assertFalse(compare.is_overloaded(["  Invalid: a", "  'Overloaded: '"]))

    def test_known(self):
        known = compare.Known("# why\nstatement: ^SELECT\nsubject: nosuch")
        self.assertTrue(known.covers("SELECT 1", ["  x"], ["  nosuch thing"]))
        self.assertFalse(known.covers("DELETE 1", ["  x"], ["  nosuch thing"]))


class Shrinking(unittest.TestCase):
    def shrunk(self, statements, differs):
        def asked(cases):
            return differs([case.statement for case in cases])
        return [case.statement for case in shrink.Shrinker(asked).shrink([make_case(s) for s in statements])]

    def test_only_what_is_needed_stays(self):
        self.assertEqual(shrink.minimal_list(list(range(100)), lambda some: 7 in some and 60 in some), [7, 60])

    def test_parts_go_with_their_values(self):
        statement = "SELECT a, abs(b) FROM t0 WHERE k = ? AND c > 2 AND d = ? LIMIT 3 :: [1, 2], 'x, y'"
        self.assertEqual(self.shrunk(["CREATE TABLE t0", "INSERT INTO t0", statement],
                                     lambda said: "FROM t0" in said[-1] and "d = ?" in said[-1] and "b" in said[-1]),
                         ["SELECT b FROM t0 WHERE d = ? :: 'x, y'"])

    def test_named_markers_go_with_their_values(self):
        self.assertEqual(shrink.without("UPDATE t0 SET v = :a WHERE k = :\"Q m\" :: 1, 2", [(4, 13)]),
                         "UPDATE t0 WHERE k = :\"Q m\" :: 2")

    def test_an_insert_loses_column_and_value(self):
        self.assertIn("INSERT INTO t0 (k, w) VALUES (1, (2, 3)) :: ",
                      list(shrink.smaller("INSERT INTO t0 (k, v, w) VALUES (1, ?, (2, 3)) :: 5")))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"oracle: {result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0)
