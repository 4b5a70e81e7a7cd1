"""Values of CQL types, few of each so that statements meet: as literals, as bound values, as JSON."""
import json
import struct
from collections import namedtuple

from cql_types import bare
from native_client import cell, encode

# `bound` is how the value stands after `::` in a scenario; `wire` its bytes.
Value = namedtuple("Value", "literal bound wire json")

# Literal, what native_client.encode takes, JSON where it isn't the literal. Numbers are all three. Of each decimal one spelling:
# of several in a clustering key memtables decide there which one stays.
# One such element, and its collection leaves its row for keys of its own (storage/).
LONG = "long " * 900
TEXTS = ["", "a", "b", "B", "zz", "it's"]
POOLS = {
    "tinyint": ["0", "1", "2", "-1", "127", "-128"],
    "smallint": ["0", "1", "2", "-1", "32767", "-32768"],
    "int": ["0", "1", "2", "-1", "2147483647", "-2147483648"],
    "bigint": ["0", "1", "2", "-1", "9223372036854775807", "-9223372036854775808"],
    "varint": ["0", "1", "2", "-1", "128", "-129", "123456789012345678901234567890"],
    "float": ["0.0", "1.5", "-1.5", "1e10", "NaN", "-0.0", "Infinity"],
    "double": ["0.0", "1.5", "-2.25", "1e100", "NaN", "-0.0", "-Infinity"],
    "decimal": ["0", "1.50", "-2.25", "1e10", "-1e-10", "12345678901234567890.123"],
    "ascii": TEXTS,
    "text": TEXTS + ["é", "日本", LONG],
    "blob": ["0x", "0x00", "0x01", "0xff", "0x00ff", "0x" + "ab" * 4400],
    "boolean": ["true", "false"],
    "date": [("'1970-01-01'", 0), ("'2024-02-29'", 19782), ("'1969-12-31'", -1), ("'2020-01-31'", 18292)],
    "time": [("'00:00:00'", 0), ("'12:34:56.789'", 45296789000000), ("'23:59:59.999999999'", 86399999999999)],
    "timestamp": [("'1970-01-01T00:00:00Z'", 0), ("'2024-02-29 12:34:56.789+0000'", 1709210096789),
                  ("'1969-12-31 23:59:59.999Z'", -1), ("'2020-01-31'", 1580428800000)],
    "uuid": ["00000000-0000-0000-0000-000000000000", "550e8400-e29b-41d4-a716-446655440000",
             "ffffffff-ffff-4fff-bfff-ffffffffffff", "50554d6e-29bb-11e5-b345-feff819cdc9f"],
    "timeuuid": ["50554d6e-29bb-11e5-b345-feff819cdc9f", "00000000-0000-1000-8080-808080808080",
                 "550e8400-e29b-11d4-a716-446655440000"],
    "inet": ["127.0.0.1", "10.0.0.1", "::1", "2001:db8::ff"],
    "duration": [("1h30m", (0, 0, 5400 * 10**9)), ("P1Y2M", (14, 0, 0)), ("-3d", (0, -3, 0)), ("2w", (0, 14, 0)),
                 ("1us", (0, 0, 1000))],
}
# Of these types there are more values for keys, so that partitions have many rows.
MORE = {"int": ["3", "4", "5", "6", "7", "8", "-5"], "bigint": ["3", "4", "5", "6", "-5", "-6"], "text": ["c", "d", "e", "ab", "A"],
        "timestamp": [(f"'2024-03-0{day}'", 1709251200000 + 86400000 * (day - 1)) for day in range(1, 8)],
        "date": [(f"'2024-03-0{day}'", 19783 + day - 1) for day in range(1, 8)]}
MORE_CHANCE = 0.25
QUOTED = ("ascii", "text", "inet")
INTEGER_SPELLINGS = ["1.0", "'1'", "128", "-129", "32768", "2147483648", "-9223372036854775809", "01", "-0", "0x01", "true",
                     "1e2", "NaN", "1h", "null"]
FLOAT_SPELLINGS = ["1", "-0", "1.", "1E2", "'1.5'", "1e-400", "3.5e38", "-NaN", "-infinity", "0x00000000", "1e400"]
TEXT_SPELLINGS = ["1", "1.5", "true", "0x61", "$$it's$$", "1h", "550e8400-e29b-41d4-a716-446655440000", "'\t'", "'é'", "NaN"]
ZONES = ["CET", "EST", "PDT", "Z", "z", "+0530", "-18:00", "+19", "Asia/Kolkata", "Japan", "Eastern Standard Time", "WET", "UTC+3",
         "GMT0", "Nowhere", "America/New_York", "JST", "Europe/", "CEST"]
# Other ways to write a type's values, and what is hardly one of them.
SPELLINGS = {
    **{name: INTEGER_SPELLINGS for name in ("tinyint", "smallint", "int", "bigint", "varint", "counter")},
    "float": FLOAT_SPELLINGS, "double": FLOAT_SPELLINGS, "ascii": TEXT_SPELLINGS, "text": TEXT_SPELLINGS,
    "decimal": ["1", "1.", "1E2", "1e+2", "NaN", "0.10", "0x0000000001", "true", "1e", "Infinity"],
    "blob": ["'0x01'", "0xf", "0X0A", "1", "'abc'", "0x0", "true"],
    "boolean": ["TRUE", "False", "'true'", "1", "0x01", "'1'"],
    "date": ["2147483648", "0", "-1", "4294967295", "4294967296", "'19782'", "'2024-2-9'", "'2024-02-30'", "'+2024-02-29'",
             "'-0001-01-01'", "'2024-02-29T00:00:00Z'", "'10000-01-01'", "'2024'", "0x80000000", "1.5"],
    "time": ["0", "86399999999999", "86400000000000", "-1", "'12:34'", "'12:34:56'", "'12:34:56.1'", "'24:00:00'", "'1:2:3'",
             "'12:34:56.1234567891'", "'12:34:60'", "'45296789000000'"],
    "timestamp": ["0", "-1", "1709210096789", "9223372036854775807", "'2024-02-29T12:34Z'", "'2024-02-29 12:34:56+01'",
                  "'2024-02-29 12:34:56.7 UTC'", "'2024-02-29T12:34:56.789 Europe/Berlin'", "'2024-02-30'", "'now'", "1.5",
                  "'1709210096789'", "'2024-02-29 12:34:56.789+01:30'", "'2024-02-29 12:34 Zulu'", "'2024-02-29 12'"]
    + [f"'2024-02-29 12:34 {zone}'" for zone in ZONES],
    "uuid": ["'550e8400-e29b-41d4-a716-446655440000'", "550E8400-E29B-41D4-A716-446655440000", "1",
             "0x550e8400e29b41d4a716446655440000", "550e8400"],
    "timeuuid": ["550e8400-e29b-41d4-a716-446655440000", "50554D6E-29BB-11E5-B345-FEFF819CDC9F", "'2024-02-29'", "1",
                 "0x50554d6e29bb11e5b345feff819cdc9f"],
    "inet": ["'127.1'", "'1.2.3.4.5'", "'::ffff:10.0.0.1'", "'1.2.3.256'", "1", "0x7f000001", "'2001:DB8:0:0:0:0:0:FF'",
             "'fe80::1%1'", "'010.0.0.1'"],
    "duration": ["1y2mo3w4d5h6m7s8ms9us10ns", "PT5M", "P2W", "-P1D", "P0001-02-03T04:05:06", "1d1d", "1m1h", "0s", "'1h'",
                 "1", "-1h30m", "9223372036854775807ns", "9223372036854775808ns", "1\u00b5s", "1H", "PT", "2147483648d"],
    "list": ["null", "{}", "[null]", "{1}", "(1)", "1", "''", "0x00000000", "[[1]]", "[1, 'a']", "[]"],
    "set": ["[]", "{null}", "{1: 2}", "{}", "{1, 1}", "1", "0x00000000"],
    "map": ["{}", "{null: 1}", "{1: null}", "{1}", "[]", "{a: 1}", "1", "0x00000000"],
    "tuple": ["()", "(1, 2, 3, 4)", "[]", "(null)", "1", "{a: 1}", "0x"],
    "vector": ["[]", "[null, 1.0]", "(1.0, 2.0)", "[1]", "'[1.0]'", "{1.0}", "0x3f800000"],
    "udt": ["{}", "{nosuch: 1}", "(1)", "{a: null}", "{a: 1, a: 2}", "[1]", "1", "0x", "{'a': 1}"],
}
JSON_SPELLINGS = ["1", '"1"', "1.0", "1e2", "true", '"true"', "[]", "{}", '""', '"a"', '"0x01"', '"0x"', '"0xf"', '"2024-02-29"',
                  '"12:34:56"', '"2024-02-29 12:34:56.789Z"', '"1h"', '"127.0.0.1"', "[1, 2]", "[null]", '{"a": 1}', '{"1": "a"}',
                  "1.5", "-0", "9223372036854775808", '"NaN"', '"\\u0041"', '{"a": 1, "a": 2}', "[[1]]", '"-1"', "null", "nul"]
BYTES = [b"\x00", b"\x01\x02", b"\xff", b"\x00\x00\x00\x01", b"\xff\xff\xff\xff", b"\x00" * 8, b"\x7f" * 8, b"\x00" * 16,
         b"\x00\x00\x00\x01\xff\xff\xff\xff", b"\x00\x00\x00\x01\xff\xff\xff\xfe", b"\x00\x00\x00\x02\x00\x00\x00\x01a",
         b"\x00\x00\x00\x01\x00\x00\x00\x01aa", b"\x00\x00\x00\x00\x00", b"\x80\x00\x00\x00", b"\x00\x00\x00\x01\x00\x00\x00\x00"]
ODD_INSIDE_CHANCE = 0.008  # that a part of a value is spelled so
WRITE_ELEMENTS_MAX = 3


def unsigned_vint(value):
    for extra in range(8):
        if value < 1 << (7 * (extra + 1)):
            head = 0xFF ^ (0xFF >> extra)
            return (value | (head << (8 * extra))).to_bytes(extra + 1, "big")
    return b"\xff" + value.to_bytes(8, "big")


def duration_wire(parts):
    return b"".join(unsigned_vint(v * 2 if v >= 0 else -v * 2 - 1) for v in parts)


def simple(name, entry):
    source = ("varchar",) if name == "text" else (name,)
    if isinstance(entry, tuple):
        literal, plain = entry
        wire = duration_wire(plain) if name == "duration" else encode(source, plain)
        bound = repr(wire) if name == "duration" else repr(plain)
        return Value(literal, bound, wire, json.dumps(literal.strip("'")))
    if name == "blob":
        wire = bytes.fromhex(entry[2:])
        return Value(entry, repr(wire), wire, f'"{entry}"')
    if name == "boolean":
        return Value(entry, entry, encode(source, entry == "true"), entry)
    if name in QUOTED:
        literal = "'" + entry.replace("'", "''") + "'"
        return Value(literal, repr(entry), encode(source, entry), json.dumps(entry, ensure_ascii=False))
    if name in ("uuid", "timeuuid"):
        return Value(entry, repr(entry), encode(source, entry), f'"{entry}"')
    if name in ("float", "double"):
        wire = encode(source, float(entry))
        odd = "N" in entry or "I" in entry
        return Value(entry, repr(wire) if odd else entry, wire, f'"{entry}"' if odd else entry)
    if name == "decimal":
        # As a string in JSON: of a number Cassandra makes a double first.
        return Value(entry, repr(entry), encode(source, entry), f'"{entry}"')
    return Value(entry, entry, encode(source, int(entry)), entry)


def spelled(chance, kind, value):
    """The value in another spelling, or what is hardly one of its type."""
    name = bare(kind)[0]
    as_number = name in ("decimal", "varint", "float")  # of which bytes and others may be equal
    bound = "2" if as_number else repr(chance.choice(BYTES))
    json_text = value.json if "decimal" in str(kind) else chance.choice(JSON_SPELLINGS)
    return value._replace(literal=chance.choice(SPELLINGS.get(name, ["null"])), wire=None, json=json_text, bound=bound)


def any_simple(chance, name):
    return simple(name, chance.choice(POOLS[name]))


def sequence(parts):
    return struct.pack(">i", len(parts)) + b"".join(cell(part) for part in parts)


def any_value(chance, kind, few=False):
    """A value of the type; of a simple one the first three when `few`, so that keys meet."""
    kind = bare(kind)
    name = kind[0]
    if name in POOLS:
        pool = POOLS[name]
        if few and name in MORE and chance.random() < MORE_CHANCE:
            return simple(name, chance.choice(MORE[name]))
        return simple(name, chance.choice(pool[:3] if few else pool))
    if name == "list":
        return listed(any_elements(chance, kind[1], few))
    if name == "set":
        # As a key that descends Cassandra keeps a set as it comes, twice the same element or in no order.
        return set_of(any_elements(chance, kind[1], few)[:1 if few else None])
    if name == "map":
        keys = any_elements(chance, kind[1], few)
        # Which one of equal keys in a literal wins is a matter of hash codes in Cassandra; of keys in other spellings
        # it isn't known here which are equal.
        keys = list({key.wire: key for key in keys}.values())
        if len(keys) > 1:
            keys = list({key.wire: key for key in (any_value(chance, kind[1], few) for _ in keys)}.values())
        return map_of(kind, [(key, part_value(chance, kind[2], few)) for key in keys])
    if name == "vector":
        return vector(kind, [part_value(chance, kind[1], few) for _ in range(kind[2])])
    if name == "tuple":
        return tuple_of([or_null(chance, part, few) for part in kind[1]])
    return user_value(kind, [or_null(chance, part, few) for _, part in kind[2]])


def any_elements(chance, kind, few):
    return [part_value(chance, kind, few) for _ in range(chance.randint(0, 2 if few else WRITE_ELEMENTS_MAX))]


def part_value(chance, kind, few):
    value = any_value(chance, kind, few)
    return value if few or chance.random() > ODD_INSIDE_CHANCE else respelled(chance, kind, value)


def respelled(chance, kind, value):
    """Spelled otherwise as a literal and in JSON; bound as it was."""
    other = spelled(chance, kind, value)
    return value._replace(literal=other.literal, json=other.json)


NULL = Value("null", "null", None, "null")


def or_null(chance, kind, few):
    return NULL if not few and chance.random() < 0.1 else part_value(chance, kind, few)


def joined(form, values, what):
    return form % ", ".join(getattr(value, what) for value in values)


def listed(parts):
    return Value(joined("[%s]", parts, "literal"), joined("[%s]", parts, "bound"),
                 sequence([part.wire for part in parts]), joined("[%s]", parts, "json"))


def set_of(parts):
    return listed(parts)._replace(literal=joined("{%s}", parts, "literal"))


def json_key(value):
    return value.json if value.json.startswith('"') else json.dumps(value.json, ensure_ascii=False)


def map_of(kind, pairs):
    simple_key = bare(kind[1])[0] in POOLS
    bound = {key.bound if simple_key else repr(key.wire): value.bound for key, value in pairs}
    wire = struct.pack(">i", len(pairs)) + b"".join(cell(k.wire) + cell(v.wire) for k, v in pairs)
    return Value("{" + ", ".join(f"{k.literal}: {v.literal}" for k, v in pairs) + "}",
                 "{" + ", ".join(f"{k}: {v}" for k, v in bound.items()) + "}", wire,
                 "{" + ", ".join(f"{json_key(k)}: {v.json}" for k, v in pairs) + "}")


FIXED_SIZE = {"float": 4, "double": 8, "int": 4, "bigint": 8, "boolean": 1, "timestamp": 8, "uuid": 16,
              "timeuuid": 16}


def is_fixed(kind):
    kind = bare(kind)
    return kind[0] in FIXED_SIZE or (kind[0] == "vector" and is_fixed(kind[1]))


def vector(kind, parts):
    wires = [part.wire for part in parts]
    wire = b"".join(w if is_fixed(kind[1]) else unsigned_vint(len(w)) + w for w in wires)
    return Value(joined("[%s]", parts, "literal"), repr(wire), wire, joined("[%s]", parts, "json"))


def tuple_of(parts):
    return Value(joined("(%s)", parts, "literal"), joined("[%s]", parts, "bound"),
                 b"".join(cell(part.wire) for part in parts), joined("[%s]", parts, "json"))


def user_value(kind, parts):
    fields = [name for name, _ in kind[2]]
    named = [f"{name}: {part.literal}" for name, part in zip(fields, parts) if part is not NULL]
    if not named:
        named = [f"{fields[0]}: {parts[0].literal}"]
    return tuple_of(parts)._replace(
        literal="{" + ", ".join(named) + "}",
        json="{" + ", ".join(f'"{json_name(name)}": {part.json}' for name, part in zip(fields, parts)) + "}")


def json_name(column):
    """A column's name as a key of JSON: what needs quotes in CQL has them there too."""
    return column.replace('"', '\\"')
