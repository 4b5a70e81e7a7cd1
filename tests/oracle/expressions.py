"""Terms and selectors over a table's columns: markers, functions, casts, arithmetic, elements and fields."""
import re

import values
from cql_types import NUMBERS, bare, text
from values import NULL, Value

MARKER_CHANCE = 0.6       # of a value in a statement that is prepared
ODD_VALUE_CHANCE = 0.06   # null, unset, empty, or one of another type
INTEGERS = ["tinyint", "smallint", "int", "bigint", "varint"]
NAMED_CHANCE = 0.12       # that the markers of a statement have names
MARKER_NAMES = [":a", ":b", ":a", ":\"Q m\"", ":key"]
NOT_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\?")
COMPUTED_CHANCE = 0.07    # of a value that functions and operators give
TIMES = ["date", "timestamp", "timeuuid"]
BLOB_OF = ["ascii", "bigint", "boolean", "date", "decimal", "double", "float", "inet", "int", "smallint", "text",
           "time", "timestamp", "timeuuid", "tinyint", "uuid", "varint"]

# name, the kinds of its argument (None: any), further arguments, the kind of what it gives (None: as its argument;
# "": not to be nested)
FUNCTIONS = (
    [(name, NUMBERS, "", None) for name in ("abs", "exp", "log", "log10", "round")]
    + [(name, TIMES, "", kind) for name, kind in (
        ("to_date", "date"), ("to_timestamp", "timestamp"), ("to_unix_timestamp", "bigint"),
        ("toDate", "date"), ("toUnixTimestamp", "bigint"))]
    + [(name, ["timeuuid"], "", "timestamp") for name in ("to_timestamp", "dateOf")]
    + [("unixTimestampOf", ["timeuuid"], "", "bigint"),
       ("min_timeuuid", ["timestamp"], "", "timeuuid"), ("maxTimeuuid", ["timestamp"], "", "timeuuid"),
       ("floor", ["timestamp", "date"], ", 1d", None), ("floor", ["timestamp", "time"], ", 3h", None),
       ("floor", ["timestamp", "date"], ", 2mo", None), ("floor", ["timestamp"], ", 5m, '1969-01-01'", None),
       ("map_keys", ["map"], "", ""), ("map_values", ["map"], "", ""),
       ("collection_count", ["map", "set", "list"], "", "int"),
       ("collection_min", ["set", "list"], "", ""), ("collection_max", ["set", "list"], "", ""),
       ("collection_sum", ["set", "list"], "", ""), ("collection_avg", ["set", "list"], "", ""),
       ("mask_null", None, "", None), ("mask_default", None, "", None), ("mask_hash", None, "", "blob"),
       ("mask_inner", ["text", "ascii"], ", 1, 1", None), ("mask_outer", ["text", "ascii"], ", 1, null", None),
       ("mask_inner", ["text", "ascii"], ", 0, 1, '#'", None), ("mask_hash", None, ", 'MD5'", "blob"),
       ("mask_outer", ["text", "ascii"], ", 1, 2, 'é'", None), ("mask_hash", None, ", 'SHA-512'", "blob"),
       ("mask_inner", ["text", "ascii"], ", -1, null, null", None), ("mask_hash", None, ", 'nosuch'", "blob"),
       ("mask_outer", ["text", "ascii"], ", 0, 0, '##'", None), ("min_timeuuid", ["date"], "", "timeuuid"),
       ("floor", ["timestamp"], ", 1d, SELF", None), ("floor", ["time"], ", 25h", None),
       ("floor", ["float", "double", "decimal"], "", None), ("count", None, "", "bigint"), ("token", None, "", "bigint"),
       ("mask_replace", None, "SELF", None), ("floor", ["int", "bigint"], ", 5", None),
       ("to_timestamp", ["date", "timestamp", "timeuuid"], "", "timestamp"), ("maxTimeuuid", ["date"], "", "timeuuid"),
       ("to_json", None, "", "text"), ("toJson", None, "", "text"),
       ("similarity_cosine", ["vector"], "SELF", "float"), ("similarity_euclidean", ["vector"], "SELF", "float"),
       ("similarity_dot_product", ["vector"], "SELF", "float")]
    + [(f"{name}_as_blob", [name], "", "blob") for name in BLOB_OF]
    + [(f"blob_as_{name}", ["blob"], "", name) for name in BLOB_OF]
    + [(f"{name}AsBlob", [name], "", "blob") for name in BLOB_OF]
    + [(f"blobAs{name.capitalize()}", ["blob"], "", name) for name in BLOB_OF]
    + [("varchar_as_blob", ["text"], "", "blob"), ("blob_as_varchar", ["blob"], "", "text")]
    + [("intAsBlob", ["int"], "", "blob"), ("blobAsText", ["blob"], "", "text")])
AGGREGATES = ["count", "min", "max", "sum", "avg"]
# What a clock or chance gives: statements with these are compared by their columns only.
CLOCKS = {"timeuuid": ["now()", "current_timeuuid()", "currentTimeUUID()"], "date": ["current_date()", "currentDate()"],
          "timestamp": ["current_timestamp()", "currentTimestamp()"], "time": ["current_time()"], "uuid": ["uuid()"]}
CLOCK_NAMES = re.compile(r"\b(now|uuid|current_?[a-z]+)\(\)", re.IGNORECASE)
CAST_TARGETS = ["ascii", "bigint", "boolean", "decimal", "double", "float", "int", "smallint", "text", "tinyint",
                "varint", "date", "timestamp", "timeuuid", "uuid", "inet"]


class Context:
    """What a statement is made with: chance, the schema, and the values bound so far."""

    def __init__(self, chance, schema, prepared):
        self.chance, self.schema, self.prepared = chance, schema, prepared
        self.bound = []

    def put(self, value):
        """The value as a literal, or bound behind a marker."""
        if self.prepared and self.chance.random() < MARKER_CHANCE:
            self.bound.append(value.bound)
            return "?"
        return value.literal if value is not UNSET else "null"

    def value(self, kind, few=False, odd=ODD_VALUE_CHANCE):
        drawn = self.draw(kind, few, odd)
        # A computed decimal may be one of the pool in other digits.
        as_it_is = drawn in (NULL, UNSET, EMPTY) or "decimal" in str(kind)
        if as_it_is or self.chance.random() > COMPUTED_CHANCE:
            return self.put(drawn)
        return self.computed(kind, drawn)

    def computed(self, kind, drawn):
        """The value, or one of its type, as a function gives it."""
        name, draw = bare(kind)[0], self.chance.random()
        if draw < 0.3:
            document = Value("'" + drawn.json.replace("'", "''") + "'", repr(drawn.json), None, None)
            return f"{self.chance.choice(['from_json', 'fromJson'])}({self.put(document)})"
        if draw < 0.45:
            return f"({text(kind)}){self.put(drawn)}"
        if draw < 0.6:
            return self.call_that_gives(kind, drawn)
        if draw < 0.65:
            return f"CAST({self.put(drawn)} AS {name if name in CAST_TARGETS else 'text'})"
        if name in NUMBERS and draw < 0.8:
            other = values.any_simple(self.chance, self.chance.choice([name, name, "int", "decimal"]))
            return f"{self.put(drawn)} {self.chance.choice('+-*/%')} {self.put(other)}"
        if name in ("date", "timestamp") and draw < 0.8:
            return f"{self.put(drawn)} {self.chance.choice('+-')} 1d"
        if name in BLOB_OF and drawn.wire is not None:
            return f"blob_as_{name}(0x{drawn.wire.hex()})"
        return self.put(drawn)

    def call_that_gives(self, kind, drawn):
        """A function of constants whose result is mostly of the kind."""
        name = bare(kind)[0]
        function, takes, further, gives = self.chance.choice(
            [f for f in FUNCTIONS if f[3] == name or f[3] is None and (f[1] is None or name in f[1])])
        if gives is not None:
            takes = self.chance.choice(takes or ["int"])
            drawn = values.any_simple(self.chance, takes) if takes in values.POOLS else drawn
        inside = drawn.literal if "SELF" in further else self.put(drawn)
        hint = f"({takes})" if gives is not None and self.chance.random() < 0.5 else ""
        return called(self, function, hint + inside, further)

    def draw(self, kind, few=False, odd=ODD_VALUE_CHANCE):
        if self.chance.random() < odd:
            other = values.any_simple(self.chance, self.chance.choice(["int", "text"]))
            spelled = values.spelled(self.chance, kind, other)
            return self.chance.choice([NULL, UNSET, EMPTY, other._replace(bound=repr(other.wire)), spelled, spelled])
        if bare(kind)[0] == "counter":
            return values.any_simple(self.chance, "bigint")
        return values.any_value(self.chance, kind, few)

    def integer(self, low, high):
        number = str(self.chance.randint(low, high))
        return self.put(Value(number, number, None, number))

    def text(self, statement):
        if not self.prepared:
            return statement
        if self.chance.random() < NAMED_CHANCE:
            statement = NOT_QUOTED.sub(lambda part: self.chance.choice(MARKER_NAMES) if part[0] == "?" else part[0], statement)
        return f"{statement} :: {', '.join(self.bound)}"


UNSET = Value("null", "unset", None, "null")
EMPTY = Value("''", "b''", b"", '""')


def slice_of(context, kind):
    """What stands in brackets: from, to, or one of them only."""
    has_low, has_high = context.chance.choice([(True, True), (True, True), (True, False), (False, True)])
    low = context.value(kind, few=True) if has_low else ""
    return f"{low}.." + (context.value(kind, few=True) if has_high else "")


def element(context, column):
    """A part of a column: an element, a slice, a field."""
    return part_of(context, column.name, bare(column.kind))[0]


def part_of(context, name, kind):
    """(text, kind) of a part of what is called so."""
    chance = context.chance
    if kind[0] == "map":
        if chance.random() < 0.25:
            return f"{name}[{slice_of(context, kind[1])}]", kind
        return f"{name}[{context.value(kind[1], few=True)}]", bare(kind[2])
    if kind[0] == "set":
        if chance.random() < 0.4:
            return f"{name}[{slice_of(context, kind[1])}]", kind
        return f"{name}[{context.value(kind[1], few=True)}]", bare(kind[1])
    if kind[0] == "udt":
        field, inside = chance.choice(kind[2])
        return f"{name}.{field}", bare(inside)
    return f"{name}[{context.integer(0, 2)}]", bare(kind[1]) if kind[0] == "list" else ("",)


def call(context, inside, kind, anything=False):
    """(text, kind) of a function around a term; None where no function takes the kind."""
    fits = [f for f in FUNCTIONS
            if (anything or f[1] is None or kind[0] in f[1]) and not ("SELF" in f[2] and "?" in inside)]
    if not fits:
        return inside, kind
    name, _, further, gives = context.chance.choice(fits)
    return called(context, name, inside, further), kind if gives is None else (gives,)


def called(context, name, inside, further):
    further = f", {inside}" if further == "SELF" else further.replace("SELF", inside)
    keyspace = "system." * (context.chance.random() < 0.04)
    return f"{keyspace}{name}({inside}{further})"


def arithmetic(context, inside, kind):
    if kind[0] in NUMBERS or kind[0] == "counter":
        other = context.chance.choice(NUMBERS)
        operand = f"({other}){context.value((other,))}" if context.chance.random() < 0.4 else context.value(kind)
        return f"{inside} {context.chance.choice('+-*/%')} {operand}", ("",)
    if kind[0] in ("timestamp", "date"):
        unit = context.chance.choice(["1d", "2h", "1mo", "1y2mo", "-3d"])
        return f"{inside} {context.chance.choice('+-')} {unit}", kind
    return inside, kind


PARTS = ("map", "set", "udt", "list")


def term_of_columns(context, columns):
    """A selector over one of the columns, some layers deep."""
    chance = context.chance
    column = chance.choice(columns)
    inside, kind = column.name, bare(column.kind)
    draw = chance.random()
    if chance.random() < 0.015:
        return inside + chance.choice([".a", ".nosuch", "[0]", "[0..1]", "['a'..]", ".a.b"])
    if draw < 0.14 and kind[0] in PARTS:
        inside, kind = part_of(context, inside, kind)
        if kind[0] in PARTS and chance.random() < 0.7:
            inside, kind = part_of(context, inside, kind)
    elif draw < 0.22:
        return f"{chance.choice(['writetime', 'ttl', 'maxwritetime'])}({inside})"
    elif draw < 0.3 and kind[0] in PARTS:
        return f"{chance.choice(['writetime', 'ttl', 'maxwritetime'])}({element(context, column)})"
    elif draw < 0.36:
        return composed(context, columns)
    for _ in range(chance.choice([0, 0, 0, 1, 1, 2])):
        inside, kind = layer(context, inside, kind)
    return inside


def layer(context, inside, kind):
    """(text, kind) of something done with a term."""
    chance = context.chance
    draw = chance.random()
    if draw < 0.55:
        return call(context, inside, kind, anything=chance.random() < 0.05)
    if draw < 0.75:
        target = chance.choice(CAST_TARGETS)
        return f"CAST({inside} AS {target})", (target,)
    if draw < 0.8:
        return f"-{inside}", kind
    return arithmetic(context, inside, kind)


def composed(context, columns):
    """Several columns in one selector: a tuple, a collection, a sum."""
    chance = context.chance
    one = chance.choice(columns)
    other = chance.choice(columns if chance.random() < 0.3 else [c for c in columns if c.kind == one.kind])
    alike = other if other.kind == one.kind else one
    if chance.random() < 0.1:
        return f"(list<{text(bare(one.kind))}>)[{one.name}, {context.value(one.kind)}]"
    # Once Cassandra has made a set of a type with DESC, all sets of the type that come first then are sorted so, until it ends.
    is_set = not one.descends and not alike.descends
    hint = f"(tuple<{text(bare(one.kind))}, {text(bare(other.kind))}>)" if chance.random() < 0.3 else ""
    return chance.choice([
        f"{hint}({one.name}, {other.name})",
        f"[{one.name}, {alike.name}]", f"{{{one.name}, {alike.name}}}" if is_set else one.name,
        f"({text(one.kind)}){one.name}", f"(map<text, {text(bare(one.kind))}>){{'a': {one.name}}}",
        f"{one.name} {chance.choice('+-*/%')} {other.name}", f"({one.name} + {other.name}) * {one.name}"])


def constant_term(context):
    kind = (context.chance.choice(BLOB_OF),)
    hint = f"({kind[0]})" if context.chance.random() < 0.85 else ""
    inside = f"{hint}{context.value(kind)}"
    return call(context, inside, kind)[0] if context.chance.random() < 0.7 else inside


def clock_term(context):
    kind = context.chance.choice(list(CLOCKS))
    inside, kind = context.chance.choice(CLOCKS[kind]), (kind,)
    for _ in range(context.chance.choice([0, 1, 1, 2])):
        inside, kind = layer(context, inside, kind)
    return inside


def selector(context, table):
    chance = context.chance
    draw = chance.random()
    if draw < 0.01:
        return clock_term(context)
    if draw < 0.04:
        return constant_term(context)
    if draw < 0.08:
        return token_of(context, table)
    term = term_of_columns(context, table.columns)
    return f"{term} AS a{chance.randint(1, 3)}" if chance.random() < 0.1 else term


def token_of(context, table):
    columns = [column.name for column in table.partition]
    if context.chance.random() < 0.25:
        columns = [context.value(column.kind, few=True) for column in table.partition]
    return "token(" + ", ".join(columns) + ")"


def aggregate(context, table):
    chance = context.chance
    draw = chance.random()
    if draw < 0.2:
        return chance.choice(["count(*)", "count(*)", "count(1)", "COUNT(*)", "count(*) AS a1"])
    name, column = chance.choice(AGGREGATES), chance.choice(table.columns)
    if draw < 0.65:
        return f"{name}({column.name})"
    if draw < 0.75:
        return layer(context, f"{name}({column.name})", bare(column.kind))[0]
    if draw < 0.8 and bare(column.kind)[0] in PARTS:
        return f"{name}({element(context, column)})"
    return f"{name}({term_of_columns(context, table.columns)})"
