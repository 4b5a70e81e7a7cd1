#!/usr/bin/env python3
"""Writes the statements of the chapters that are products of lists: every literal for every type, every function for
every type. `tests/cql/record` then adds the answers.

    tests/cql/matrices.py [FILE ...]"""
import sys

from scenarios import FOLDER

NATIVE = ["ascii", "bigint", "blob", "boolean", "date", "decimal", "double", "duration", "float", "inet", "int",
          "smallint", "text", "time", "timestamp", "timeuuid", "tinyint", "uuid", "varint"]
NUMBERS = ["tinyint", "smallint", "int", "bigint", "float", "double", "varint", "decimal"]
COMPOSITE = ["list<int>", "frozen<list<int>>", "set<int>", "frozen<set<text>>", "map<int, text>",
             "frozen<map<text, int>>", "tuple<int, text>", "vector<int, 2>", "vector<text, 2>", "u", "frozen<u>"]
TYPES = NATIVE + COMPOSITE
# One value of each type, as CQL.
SAMPLE = {
    "ascii": "'ab'", "bigint": "4000000000", "blob": "0x0102", "boolean": "true", "date": "'2011-02-03'",
    "decimal": "12.50", "double": "1.5", "duration": "1mo2d3h", "float": "2.5", "inet": "'127.0.0.1'", "int": "7",
    "smallint": "300", "text": "'é'", "time": "'08:12:54.123456789'", "timestamp": "'2011-02-03 04:05:06.789+0000'",
    "timeuuid": "d2177dd0-eaa2-11de-a572-001b779c76e3", "tinyint": "5", "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "varint": "123456789012345678901234567890", "list<int>": "[3, 1, 2]", "frozen<list<int>>": "[1, 2]",
    "set<int>": "{2, 1}", "frozen<set<text>>": "{'b', 'a'}", "map<int, text>": "{1: 'x', 2: 'y'}",
    "frozen<map<text, int>>": "{'x': 1}", "tuple<int, text>": "(1, 'a')", "vector<int, 2>": "[1, 2]",
    "vector<text, 2>": "['a', 'bc']", "u": "{a: 1, b: 'x'}", "frozen<u>": "{a: 1, b: 'x'}"}
USER_TYPE = "CREATE TYPE u (a int, b text)"

LITERALS = ["null", "''", "'a'", "'1'", "'true'", "'2011-02-03'", "'0x01'", "1", "-1", "128", "70000", "5000000000",
            "123456789012345678901234567890", "1.5", "-1.0", "1e3", "1E-2", "true", "FALSE", "0x", "0x01",
            "0x0000000000000001", "0x00000001000000610000000100000062", "d2177dd0-eaa2-11de-a572-001b779c76e3",
            "550e8400-e29b-41d4-a716-446655440000", "1d", "-1h", "P1Y", "PT5M", "NaN", "-NaN", "Infinity", "-infinity",
            "[]", "[1, 2]", "['a', 'b']", "[null]", "[1.5]", "{}", "{1}", "{'a'}", "{null}", "{1: 'a'}", "{'a': 1}",
            "{1: null}", "{a: 1, b: 'x'}", "{a: 1}", "{b: null}", "{c: 1}", "(1, 'a')", "(1)", "(null, null)",
            "(1, 'a', 2)", "(int)1", "(text)'1'", "(bigint)1", "(list<int>)[1]", "1 + 1", "-(1)",
            "now()", "uuid()", "current_date()", "int_as_blob(1)", "cast(1 AS text)", "'a' + 'b'", "nosuch(1)"]
RANDOM = ("now()", "uuid()", "current_date()")

JSON = ["null", "1", "-1", "1.5", "1e3", "true", "\"\"", "\"a\"", "\"1\"", "\"1.5\"", "\"true\"", "\"0x01\"", "\"0x\"",
        "\"2011-02-03\"", "\"2011-02-03 04:05:06.789Z\"", "\"08:12:54.1\"", "\"127.0.0.1\"", "\"1d2h\"", "\"NaN\"",
        "\"Infinity\"", "\"d2177dd0-eaa2-11de-a572-001b779c76e3\"", "[]", "[1, 2]", "[\"a\", \"b\"]", "[1, \"a\"]",
        "[null]", "[1]", "{}", "{\"a\": 1}", "{\"1\": \"a\"}", "{\"a\": 1, \"b\": \"x\"}", "{\"a\": null}",
        "{\"A\": 1}", "{\"c\": 1}", "123456789012345678901234567890", "99999999999", "300", "[[1, 2]]",
        "\"[1, 2]\"", "\"{\\\"a\\\": 1}\""]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def column(kind):
    return "c_" + "".join(c if c.isalnum() else "_" for c in kind).strip("_")


def wide_table(name="t", more=""):
    yield USER_TYPE
    yield f"CREATE TABLE {name} (k int PRIMARY KEY, " + ", ".join(f"{column(t)} {t}" for t in TYPES) + more + ")"


def sample_row(name="t", key=1):
    return (f"INSERT INTO {name} (k, " + ", ".join(map(column, TYPES)) + f") VALUES ({key}, "
            + ", ".join(SAMPLE[t] for t in TYPES) + ")")


def literals():
    yield from wide_table()
    for kind in TYPES:
        name = column(kind)
        yield f"-- {kind}"
        for key, literal in enumerate(LITERALS):
            if literal.startswith("0x") and kind in ("tinyint", "tuple<int, text>"):
                continue  # it takes bytes that are none of its values
            if literal.startswith("(") and kind in ("u", "frozen<u>"):
                continue  # fails within
            yield f"INSERT INTO t (k, {name}) VALUES ({key}, {literal})"
        hidden = [LITERALS.index(literal) for literal in RANDOM]
        for part in range(0, len(LITERALS), 20):
            keys = ", ".join(str(k) for k in range(part, min(part + 20, len(LITERALS))) if k not in hidden)
            yield f"SELECT k, {name} FROM t WHERE k IN ({keys})"
        yield "TRUNCATE t"


def json_in():
    yield from wide_table()
    for kind in TYPES:
        name = column(kind)
        yield f"-- {kind}"
        for key, value in enumerate(JSON):
            yield f"INSERT INTO t JSON " + quoted('{"k": %d, "%s": %s}' % (key, name, value))
        for key, value in enumerate(JSON[:12]):
            yield f"INSERT INTO t (k, {name}) VALUES ({100 + key}, from_json({quoted(value)}))"
        yield f"SELECT k, {name}, to_json({name}) FROM t WHERE k IN ({', '.join(map(str, range(len(JSON))))})"
        yield f"SELECT JSON k, {name} FROM t WHERE k IN ({', '.join(map(str, range(100, 112)))})"
        yield "TRUNCATE t"


ONE = ["token", "ttl", "writetime", "maxwritetime", "count", "min", "max", "sum", "avg", "abs", "exp", "log", "log10",
       "round", "to_date", "to_timestamp", "to_unix_timestamp", "min_timeuuid", "max_timeuuid", "mintimeuuid", "dateof",
       "unixtimestampof", "todate", "totimestamp", "tounixtimestamp", "to_json", "from_json", "map_keys", "map_values",
       "collection_count", "collection_min", "collection_max", "collection_sum", "collection_avg", "mask_null",
       "mask_default", "mask_hash", "mask_inner", "mask_outer", "mask_replace", "floor", "similarity_cosine",
       "similarity_euclidean", "similarity_dot_product", "-", "now", "uuid", "current_timestamp", "current_date",
       "current_time", "current_timeuuid"]


def one_argument():
    yield from wide_table()
    yield sample_row()
    for kind in TYPES:
        name = column(kind)
        yield f"-- {kind}"
        for function in ONE:
            if function in ("writetime", "maxwritetime"):
                continue
            call = f"-{name}" if function == "-" else f"{function}({name})"
            yield f"SELECT {call} FROM t WHERE k = 1"
        yield f"SELECT {name}[0] FROM t WHERE k = 1"
        yield f"SELECT {name}[1..2] FROM t WHERE k = 1"
        yield f"SELECT {name}.a FROM t WHERE k = 1"


def no_value():
    """Functions of null and of empty values."""
    yield from wide_table()
    yield "INSERT INTO t (k) VALUES (1)"
    for kind in NATIVE:
        empty = f"blob_as_{kind}(0x)" if kind != "blob" else "0x"
        yield f"INSERT INTO t (k, {column(kind)}) VALUES (2, {empty})"
    for kind in TYPES:
        name = column(kind)
        yield f"-- {kind}"
        yield f"SELECT {name}, to_json({name}), mask_null({name}), mask_default({name}) FROM t"
        yield f"SELECT mask_hash({name}), mask_replace({name}, null) FROM t"
        yield f"SELECT min({name}), max({name}), count({name}) FROM t"
        yield f"SELECT JSON {name} FROM t"
        if kind in NATIVE and kind != "blob":
            yield f"SELECT {kind}_as_blob({name}) FROM t"
            yield f"SELECT cast({name} AS text) FROM t"
        if kind in NUMBERS:
            yield f"SELECT sum({name}), avg({name}) FROM t"
            yield f"SELECT abs({name}), exp({name}), log({name}), log10({name}), round({name}) FROM t WHERE k = 1"
            yield f"SELECT abs({name}) FROM t WHERE k = 2"
            yield f"SELECT exp({name}) FROM t WHERE k = 2"
            yield f"SELECT round({name}) FROM t WHERE k = 2"
            yield f"SELECT {name} + 1, 2 * {name}, {name} - {name}, -{name} FROM t WHERE k = 1"
            yield f"SELECT {name} + 1 FROM t WHERE k = 2"
            for target in NUMBERS:
                yield f"SELECT cast({name} AS {target}) FROM t"
    for call in ("to_date", "to_timestamp", "to_unix_timestamp", "todate"):
        for kind in ("date", "timestamp", "timeuuid"):
            yield f"SELECT {call}({column(kind)}) FROM t WHERE k = 1"
            yield f"SELECT {call}({column(kind)}) FROM t WHERE k = 2"


NUMBER_ROWS = {
    "tinyint": ["0", "-128", "127"], "smallint": ["0", "-32768", "32767"], "int": ["0", "-2147483648", "2147483647"],
    "bigint": ["0", "-9223372036854775808", "9223372036854775807"],
    "float": ["0.0", "-3.4028235e38", "1.4e-45"], "double": ["-0.0", "1.7976931348623157e308", "4.9e-324"],
    "varint": ["0", "-99999999999999999999", "1" + "0" * 40], "decimal": ["0.00", "-1.5e20", "1.0000000000000000001"]}


def arithmetic():
    yield USER_TYPE
    yield "CREATE TABLE t (k int PRIMARY KEY, " + ", ".join(f"{column(t)} {t}" for t in TYPES) + ")"
    yield sample_row()
    for row in range(3):
        yield (f"INSERT INTO t (k, " + ", ".join(map(column, NUMBERS)) + f") VALUES ({row + 2}, "
               + ", ".join(NUMBER_ROWS[t][row] for t in NUMBERS) + ")")
    yield f"INSERT INTO t (k, c_float, c_double) VALUES (5, NaN, Infinity)"
    yield f"INSERT INTO t (k, c_float, c_double) VALUES (6, -Infinity, NaN)"
    for left in NUMBERS:
        for right in NUMBERS:
            a, b = column(left), column(right)
            yield f"SELECT {a} + {b}, {a} - {b}, {a} * {b}, {a} / {b}, {a} % {b} FROM t WHERE k = 1"
            yield f"SELECT {a} + {b}, {a} - {b}, {a} * {b} FROM t"
            yield f"SELECT {a} / {b} FROM t WHERE k IN (3, 4, 5, 6)"
            yield f"SELECT {a} % {b} FROM t WHERE k IN (3, 4, 5, 6)"
            yield f"SELECT {a} / {b} FROM t WHERE k = 2"
            yield f"SELECT {a} % {b} FROM t WHERE k = 2"
    for kind in NUMBERS:
        name = column(kind)
        yield f"SELECT -{name}, abs({name}) FROM t"
        yield f"SELECT round({name}) FROM t WHERE k IN (1, 3, 4, 5, 6)"
        yield f"SELECT exp({name}) FROM t WHERE k = 1"
        yield f"SELECT log({name}), log10({name}) FROM t WHERE k = 1"
        yield f"SELECT log({name}) FROM t WHERE k = 2"
        yield f"SELECT log10({name}) FROM t WHERE k = 3"
        yield f"SELECT exp({name}) FROM t WHERE k = 3"
        yield f"SELECT sum({name}), avg({name}), min({name}), max({name}), count({name}) FROM t WHERE k IN (1, 2, 3)"
        for literal in ("1", "2.5", "0", "-3"):
            yield f"SELECT {name} + {literal}, {literal} - {name}, {name} * {literal} FROM t WHERE k = 1"
            yield f"SELECT {name} / {literal} FROM t WHERE k = 1"
            yield f"SELECT {name} % {literal} FROM t WHERE k = 1"
        for target in NUMBERS + ["text", "ascii", "timestamp", "date", "boolean"]:
            yield f"SELECT cast({name} AS {target}) FROM t WHERE k IN (2, 3, 4, 5, 6)"
    for left in ("date", "timestamp", "time", "duration", "timeuuid", "text", "blob"):
        for right in ("date", "timestamp", "time", "duration", "int", "text", "list<int>"):
            a, b = column(left), column(right)
            for op in "+-*":
                yield f"SELECT {a} {op} {b} FROM t WHERE k = 1"
    for literal in ("1mo", "-1mo", "1d", "36h", "1ns", "1y2mo3d4h"):
        for kind in ("date", "timestamp"):
            yield f"SELECT {column(kind)} + {literal} FROM t WHERE k = 1"
            yield f"SELECT {column(kind)} - {literal} FROM t WHERE k = 1"


BLOBS = ["0x", "0x00", "0x01", "0x7f", "0xff", "0x0001", "0x000102", "0x00010203", "0x0001020304", "0x0001020304050607",
         "0xffffffffffffffff", "0x000102030405060708", "0x7f000001", "0x000102030405060708090a0b0c0d0e0f",
         "0xd2177dd0eaa211dea572001b779c76e3", "0x6162", "0xc3a9", "0xc328", "0x000000010a", "0x0000000a64",
         "0x020406", "0xfffffff0", "0xf00000"]


def blobs():
    yield from wide_table()
    for kind in NATIVE:
        if kind == "blob":
            continue
        name = column(kind)
        yield f"-- {kind}"
        for key, blob in enumerate(BLOBS):
            yield f"INSERT INTO t (k, {name}) VALUES ({key}, blob_as_{kind}({blob}))"
            if kind != "tinyint":  # it takes bytes that are none of its values
                yield f"INSERT INTO t (k, {name}) VALUES ({key}, {blob})"
        keys = ", ".join(map(str, range(len(BLOBS))))
        yield f"SELECT k, {name}, {kind}_as_blob({name}) FROM t WHERE k IN ({keys})"
        yield f"SELECT {kind}AsBlob({name}), blobAs{kind}({kind}asblob({name})) FROM t WHERE k IN ({keys})"
        yield f"SELECT {kind}_as_blob(k) FROM t LIMIT 1"
        yield f"SELECT blob_as_{kind}(k) FROM t LIMIT 1"
        yield f"SELECT blob_as_{kind}({name}) FROM t LIMIT 1"
        yield "TRUNCATE t"
    for name in ("counter", "varchar", "list", "u", "tuple", "vector", "frozen"):
        yield f"SELECT {name}_as_blob(k) FROM t"
        yield f"SELECT blob_as_{name}(0x0000000000000001) FROM t"
        yield f"SELECT blobAs{name}(0x0000000000000001) FROM t"


STRINGS = {
    "timestamp": [
        "2011", "2011-02", "2011-2-3", "2011-02-03 04", "2011-02-03 04:05", "2011-02-03 04:05:06", "2011-02-03 04:05:06.7",
        "2011-02-03 04:05:06.78", "2011-02-03 04:05:06.789", "2011-02-03 04:05:06.7891", "2011-02-03T04:05:06.789123456",
        "2011-02-03 04:05 UTC", "2011-02-03 04:05 GMT", "2011-02-03 04:05:06 PST", "2011-02-03 04:05 Europe/Paris",
        "2011-02-03T04:05+01", "2011-02-03T04:05+01:00", "2011-02-03T04:05-0330", "2011-02-03T04:05:06+23:59",
        "2011-02-03T04:05:06+24:00", "2011-02-03z", "2011-02-03 Z", "2011-02-03+0100", "2011-02-03 +01:00",
        "2011-02-29", "2012-02-29", "2011-13-01", "2011-00-01", "2011-01-00", "2011-01-32", "2011-02-03 24:00:00",
        "2011-02-03 23:60:00", "2011-02-03 23:59:60", "10000-01-01", "+12011-02-03", "-0001-01-01", "0000-01-01",
        "0001-01-01", "99999-12-31", "1969-12-31 23:59:59.999", "9223372036854775807", "-9223372036854775808",
        "9223372036854775808", "1.5", "0", "+1", " 2011-02-03", "2011-02-03 ", "2011-02-03T", "2011/02/03",
        "20110203", "2011-02-03T04:05:06,789Z", "2011-02-03T04:05:06.Z", "2011-034", "2011-W05-4", "1582-10-04",
        "1582-10-10", "1500-02-28", "2011-02-03 04:05:06 America/New_York", "2011-02-03 04:05:06 EST",
        "2011-02-03 04:05:06.789 +0000", "Thu Feb 03 04:05:06 2011", "2011-02-03t04:05:06"],
    "date": ["2011-02-03", "2011-2-3", "2011-02", "2011", "-1", "0", "1", "2147483648", "4294967295", "4294967296",
             "-2147483648", "-5877641-06-23", "5881580-07-11", "5881580-07-12", "-5877641-06-22", "1970-01-01",
             "2011-02-29", "2011-02-30", "2011-13-01", "0000-01-01", "-0001-01-01", "10000-01-01", "+10000-01-01",
             "2011-02-03 00:00", "2011-02-03Z", " 2011-02-03", "2011/02/03", "20110203", "02-03-2011", "11-2-3", "1.5",
             "1582-10-10", "1500-02-29", "-500-03-01"],
    "time": ["00:00", "00:00:00", "08:12:54", "08:12:54.1", "08:12:54.123", "08:12:54.123456", "08:12:54.123456789",
             "08:12:54.1234567890", "8:12:54", "8:2:4", "24:00:00", "23:60:00", "23:59:60", "23:59:59.999999999",
             "-1:00:00", "08:12:54.", "08:12", "08", "0", "1", "86399999999999", "86400000000000", "-1", "08:12:54Z",
             " 08:12:54", "08:12:54 PM", "081254", "08:12:54,123"],
    "inet": ["127.0.0.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "1", "1.2", "1.2.3", "1.2.3.4.5", "4294967295",
             "4294967296", "1.65536", "01.02.03.04", "0x7f.0.0.1", "1.2.3.", ".1.2.3", " 1.2.3.4", "1.2.3.4 ", "::",
             "::1", "1::", "::ffff:1.2.3.4", "::1.2.3.4", "fe80::1", "FE80::A", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7",
             "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "[::1]", "::ffff:7f00:1", "2001:db8::1", "2001:DB8:0:0::1", "g::",
             "localhost", "nosuch.invalid", "example", "1.2.3.4/8", "::1%1", "fe80::1%nosuch"],
    "duration": ["1y", "1Y2MO", "1w", "1d12h", "1h30m", "1s", "1ms1us1ns", "1µs", "-1d", "- 1d", "1d-1h", "P1Y2M3D",
                 "P1Y2M3DT4H5M6S", "PT1H", "P1W", "P2011-02-03T04:05:06", "-P1D", "P-1D", "1d1d", "1h1d", "1", "1x", "",
                 "P", "PT", "0d", "0s", "178956970y", "178956971y", "2147483647d", "2147483648d", "9223372036854775807ns",
                 "9223372036854775808ns", "2562047h", "2562048h", "1.5h", "1D", "1H", "p1d", "P1.5D", "-PT1M", "12mo",
                 "15mo", "1d 1h", "30d", "1000ms", "60m"],
    "boolean": ["true", "TRUE", "True", "false", "FALSE", "yes", "1", "", "t", " true"],
    "uuid": ["550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000",
             "550e8400e29b41d4a716446655440000", "00000000-0000-0000-0000-000000000000",
             "ffffffff-ffff-ffff-ffff-ffffffffffff", "5-e-4-a-4", "", "x"],
    "timeuuid": ["d2177dd0-eaa2-11de-a572-001b779c76e3", "550e8400-e29b-41d4-a716-446655440000",
                 "00000000-0000-0000-0000-000000000000", "00000000-0000-1000-0000-000000000000", "", "x"],
    "int": ["1", "-1", "+1", "1.0", "1e3", "2147483647", "2147483648", "-2147483648", "-2147483649", "0x10", "", " 1", "a",
            "1_000"],
    "tinyint": ["127", "128", "-128", "-129", "a"], "smallint": ["32767", "32768", "-32768", "-32769", "1.5"],
    "bigint": ["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1L", "a"],
    "varint": ["1", "-1", "+1", "1.0", "1e3", "a", "", "0" * 30 + "1", "9" * 60, "-" + "9" * 60, "--1"],
    "float": ["1", "1.5", "-0", "NaN", "nan", "Infinity", "-Infinity", "inf", "+Infinity", "1e39", "1e-46", "0x1p3", "1f",
              "1d", "1.", ".5", "", " 1 ", "1,5", "a"],
    "double": ["1", "1.5", "-0", "NaN", "nan", "Infinity", "-Infinity", "1e309", "1e-325", "0x1p3", "1f", "1d", "1.", ".5",
               "", "a", "4.9e-324", "123456789.123456789"],
    "decimal": ["1", "1.50", "-0", "-0.00", "NaN", "Infinity", "1e3", "1E+3", "1e-3", "1e2147483647", "1e2147483648",
                "1e-2147483647", "1.", ".5", "", "a", "+1", "1_0", "0e10", "123456789012345678901234567890.123456789",
                "1e30", "1E30", "1e"],
    "blob": ["", "0x", "0x0", "0xab", "ab", "0xAB", "0xgg", "a"], "ascii": ["", "a", "é", "\\u007f"],
    "text": ["", "a", "é", "😀", "a\"b", "a\\b", "tab\there", "it's"]}


def strings():
    """The texts of a value: as a literal, inside JSON, as a key of a JSON map."""
    yield "CREATE TABLE t (k int PRIMARY KEY, " + ", ".join(f"{column(t)} {t}" for t in NATIVE) + ")"
    for kind in NATIVE:
        if kind != "duration":
            yield f"CREATE TABLE m_{kind} (k int PRIMARY KEY, m map<{kind}, int>, s set<{kind}>)"
    for kind, texts in STRINGS.items():
        name = column(kind)
        yield f"-- {kind}"
        for key, text in enumerate(texts):
            literal = text if kind == "duration" else quoted(text)
            yield f"INSERT INTO t (k, {name}) VALUES ({key}, {literal})"
            in_json = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
            yield f"INSERT INTO t JSON " + quoted('{"k": %d, "%s": "%s"}' % (1000 + key, name, in_json))
            if kind != "duration":
                yield f"INSERT INTO m_{kind} JSON " + quoted('{"k": %d, "m": {"%s": 1}}' % (key, in_json))
        for base in (0, 1000):
            for part in range(0, len(texts), 30):
                keys = ", ".join(map(str, range(base + part, base + min(part + 30, len(texts)))))
                yield f"SELECT k, {name}, to_json({name}) FROM t WHERE k IN ({keys})"
                yield f"SELECT k, cast({name} AS text) FROM t WHERE k IN ({keys})"
        if kind != "duration":
            yield f"SELECT JSON k, m FROM m_{kind} WHERE k IN ({', '.join(map(str, range(len(texts))))})"
        yield "TRUNCATE t"


def hints():
    yield from wide_table()
    yield sample_row()
    for kind in TYPES:
        name = column(kind)
        sample = SAMPLE[kind]
        yield f"-- {kind}"
        yield f"SELECT ({kind}){sample} FROM t"
        yield f"SELECT ({kind})null FROM t"
        yield f"SELECT ({kind})'x' FROM t"
        yield f"SELECT ({kind})1 FROM t"
        yield f"SELECT ({kind})c_int FROM t"
        yield f"SELECT ({kind}){name} FROM t"
        yield f"SELECT {sample} FROM t"
        yield f"SELECT [{sample}], {{{sample}}} FROM t"
        yield f"SELECT ({sample}, {name}) FROM t"
        yield f"SELECT [{name}, {name}] FROM t"
        yield f"SELECT {{{name}}} FROM t WHERE k = 1"
        yield f"SELECT {{{name}: {name}}} FROM t WHERE k = 1"
        yield f"SELECT (list<{kind}>)[{sample}] FROM t"
        yield f"SELECT (set<{kind}>){{{sample}}} FROM t"
        yield f"SELECT (map<int, {kind}>){{1: {sample}}} FROM t"
        yield f"SELECT (tuple<{kind}, int>)({sample}, 1) FROM t"
        yield f"SELECT (vector<{kind}, 1>)[{sample}] FROM t"
        yield f"UPDATE t SET {name} = ({kind}){sample} WHERE k = 2"
        yield f"UPDATE t SET {name} = {name} WHERE k = 2"
        yield f"SELECT k FROM t WHERE {name} = {sample} ALLOW FILTERING"
        yield f"SELECT k FROM t WHERE {name} = ({kind}){sample} ALLOW FILTERING"
        yield f"SELECT k FROM t WHERE {name} > {sample} ALLOW FILTERING"
        yield f"SELECT k FROM t WHERE {name} IN ({sample}) ALLOW FILTERING"
        yield f"SELECT k FROM t WHERE {name} CONTAINS 1 ALLOW FILTERING"
        yield f"SELECT k FROM t WHERE {name} CONTAINS KEY 1 ALLOW FILTERING"
        yield f"SELECT k FROM t WHERE {name} = null ALLOW FILTERING"
        yield f"SELECT k FROM t WHERE {name} LIKE 'a%' ALLOW FILTERING"
        yield f"UPDATE t SET c_int = 1 WHERE k = 2 IF {name} = {sample}"
        yield f"UPDATE t SET c_int = 1 WHERE k = 2 IF {name} > {sample}"
        yield f"UPDATE t SET c_int = 1 WHERE k = 2 IF {name} IN ({sample})"
        yield f"UPDATE t SET c_int = 1 WHERE k = 2 IF {name} = null"
        yield f"UPDATE t SET c_int = 1 WHERE k = 2 IF {name}[1] = 1"
        if kind in ("u", "frozen<u>"):  # others fail within
            yield f"UPDATE t SET c_int = 1 WHERE k = 2 IF {name}.a = 1"
        yield f"UPDATE t SET {name} = {name} + {sample} WHERE k = 3"
        yield f"UPDATE t SET {name} += {sample} WHERE k = 3"
        yield f"UPDATE t SET {name} = {name} - {sample} WHERE k = 3"
        yield f"UPDATE t SET {name} = {sample} + {name} WHERE k = 3"
        yield f"UPDATE t SET {name}[0] = 1 WHERE k = 3"
        yield f"UPDATE t SET {name}.a = 1 WHERE k = 3"
        yield f"DELETE {name}[1] FROM t WHERE k = 3"
        yield f"DELETE {name}.a FROM t WHERE k = 3"
        yield f"DELETE {name} FROM t WHERE k = 3"
        yield f"SELECT {name} FROM t WHERE k IN (1, 2, 3)"
        yield f"SELECT k FROM t WHERE k = 1 ORDER BY {name}"
        yield f"SELECT {name} FROM t GROUP BY {name}"
        yield f"SELECT DISTINCT {name} FROM t"
        yield f"SELECT ttl({name}) FROM t WHERE k = 1"


SENTENCES = [
    "SELECT a , b FROM t WHERE k = 1 AND c > 2 ORDER BY c DESC LIMIT 3 ALLOW FILTERING",
    "SELECT count ( * ) FROM t GROUP BY k PER PARTITION LIMIT 1", "SELECT DISTINCT k FROM ks . t WHERE k IN ( 1 , 2 )",
    "SELECT abs ( a ) AS x , cast ( a AS text ) FROM t WHERE token ( k ) > 0",
    "INSERT INTO t ( k , v ) VALUES ( 1 , 'a' ) IF NOT EXISTS USING TTL 5 AND TIMESTAMP 6",
    "INSERT INTO t JSON '{}' DEFAULT UNSET", "UPDATE t USING TTL 5 SET v = 1 , l = l + [ 1 ] WHERE k = 1 IF v = 2 AND w IN ( 1 )",
    "DELETE v , m [ 1 ] FROM t USING TIMESTAMP 1 WHERE k = 1 IF EXISTS",
    "BEGIN UNLOGGED BATCH INSERT INTO t ( k ) VALUES ( 1 ) ; DELETE FROM t WHERE k = 1 ; APPLY BATCH",
    "CREATE TABLE IF NOT EXISTS t ( k int , c map < int , text > , PRIMARY KEY ( ( k ) , c ) ) WITH comment = 'x' AND gc_grace_seconds = 1",
    "CREATE TYPE u ( a int , b frozen < list < int > > )", "ALTER TABLE t ADD v int", "ALTER TABLE t DROP v",
    "ALTER TYPE u RENAME a TO b AND c TO d", "DROP TABLE IF EXISTS t", "TRUNCATE TABLE t"]


def typos():
    """Sentences with a word left out, doubled, or another in its place."""
    seen = set()
    for sentence in SENTENCES:
        words = sentence.split()
        for at in range(len(words)):
            for wrong in ([], [words[at], words[at]], ["x"], ["1"], [")"]):
                text = " ".join(words[:at] + wrong + words[at + 1:])
                if text and text not in seen and (at + len(wrong)) % 2:  # half of them tell enough
                    seen.add(text)
                    yield text


CHAPTERS = {"50_typos": typos, "40_literals_by_type": literals, "41_json_by_type": json_in, "42_functions_by_type": one_argument,
            "43_functions_of_nothing": no_value, "44_arithmetic": arithmetic, "45_blobs_by_type": blobs,
            "46_texts_by_type": strings, "47_hints_and_operations_by_type": hints}


def reasons(path):
    """Why we answer statements of the chapter as it is now otherwise on purpose: these lines stay."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {statement: reason for reason, statement in zip(lines, lines[1:]) if reason.startswith("@differs ")}


def main():
    for name in sys.argv[1:] or CHAPTERS:
        path = FOLDER / f"{name}.txt"
        lines, kept = [f"# Made by matrices.py."], reasons(path)
        for text in CHAPTERS[name]():
            line = f"# {text[3:]}" if text.startswith("--") else f"> {text}"
            lines += [kept[line], line] if line in kept else [line]
        path.write_text("\n".join(lines) + "\n")


main()
