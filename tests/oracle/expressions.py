"""Terms and selectors over a table's columns: markers, functions, casts, arithmetic, elements and fields."""
import values
from cql_types import NUMBERS, bare
from values import NULL, Value

MARKER_CHANCE = 0.6       # of a value in a statement that is prepared
ODD_VALUE_CHANCE = 0.06   # null, unset, empty, or one of another type
INTEGERS = ["tinyint", "smallint", "int", "bigint", "varint"]
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
       ("mask_inner", ["text", "ascii"], ", 0, 1, '#'", None),
       ("to_json", None, "", "text"), ("toJson", None, "", "text"),
       ("similarity_cosine", ["vector"], "SELF", "float"), ("similarity_euclidean", ["vector"], "SELF", "float"),
       ("similarity_dot_product", ["vector"], "SELF", "float")]
    + [(f"{name}_as_blob", [name], "", "blob") for name in BLOB_OF]
    + [(f"blob_as_{name}", ["blob"], "", name) for name in BLOB_OF]
    + [("intAsBlob", ["int"], "", "blob"), ("blobAsText", ["blob"], "", "text")])
AGGREGATES = ["count", "min", "max", "sum", "avg"]
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
        return self.put(self.draw(kind, few, odd))

    def draw(self, kind, few=False, odd=ODD_VALUE_CHANCE):
        if self.chance.random() < odd:
            other = values.any_simple(self.chance, self.chance.choice(["int", "text"]))
            return self.chance.choice([NULL, NULL, UNSET, EMPTY, other._replace(bound=repr(other.wire))])
        if bare(kind)[0] == "counter":
            return values.any_simple(self.chance, "bigint")
        return values.any_value(self.chance, kind, few)

    def integer(self, low, high):
        number = str(self.chance.randint(low, high))
        return self.put(Value(number, number, None, number))

    def text(self, statement):
        return f"{statement} :: {', '.join(self.bound)}" if self.prepared else statement


UNSET = Value("null", "unset", None, "null")
EMPTY = Value("''", "b''", b"", '""')


def element(context, column):
    """A part of a column: an element, a slice, a field."""
    kind, name = bare(column.kind), column.name
    if kind[0] == "map":
        return f"{name}[{context.value(kind[1], few=True)}]"
    if kind[0] == "set":
        if context.chance.random() < 0.4:
            return f"{name}[{context.value(kind[1])}..{context.value(kind[1])}]"
        return f"{name}[{context.value(kind[1], few=True)}]"
    if kind[0] == "udt":
        return f"{name}.{context.chance.choice(kind[2])[0]}"
    return f"{name}[{context.integer(0, 2)}]"


def call(context, inside, kind, anything=False):
    """(text, kind) of a function around a term; None where no function takes the kind."""
    fits = [f for f in FUNCTIONS
            if (anything or f[1] is None or kind[0] in f[1]) and not (f[2] == "SELF" and "?" in inside)]
    if not fits:
        return inside, kind
    name, _, further, gives = context.chance.choice(fits)
    further = f", {inside}" if further == "SELF" else further
    return f"{name}({inside}{further})", kind if gives is None else (gives,)


def arithmetic(context, inside, kind):
    if kind[0] in NUMBERS or kind[0] == "counter":
        other = context.chance.choice(NUMBERS)
        operand = f"({other}){context.value((other,))}" if context.chance.random() < 0.4 else context.value(kind)
        return f"{inside} {context.chance.choice('+-*/%')} {operand}", ("",)
    if kind[0] in ("timestamp", "date"):
        unit = context.chance.choice(["1d", "2h", "1mo", "1y2mo", "-3d"])
        return f"{inside} {context.chance.choice('+-')} {unit}", kind
    return inside, kind


def term_of_columns(context, columns):
    """A selector over one of the columns, some layers deep."""
    chance = context.chance
    column = chance.choice(columns)
    inside, kind = column.name, bare(column.kind)
    draw = chance.random()
    if draw < 0.12 and kind[0] in ("map", "set", "udt", "list"):
        inside, kind = element(context, column), ("",)
    elif draw < 0.2:
        return f"{chance.choice(['writetime', 'ttl', 'maxwritetime'])}({inside})"
    for _ in range(chance.choice([0, 0, 0, 1, 1, 2])):
        draw = chance.random()
        if draw < 0.55:
            inside, kind = call(context, inside, kind, anything=chance.random() < 0.05)
        elif draw < 0.75:
            target = chance.choice(CAST_TARGETS)
            inside, kind = f"CAST({inside} AS {target})", (target,)
        else:
            inside, kind = arithmetic(context, inside, kind)
    return inside


def constant_term(context):
    kind = (context.chance.choice(BLOB_OF),)
    inside = f"({kind[0]}){context.value(kind)}"
    return call(context, inside, kind)[0] if context.chance.random() < 0.7 else inside


def selector(context, table):
    chance = context.chance
    draw = chance.random()
    if draw < 0.04:
        return constant_term(context)
    if draw < 0.08:
        return "token(" + ", ".join(column.name for column in table.partition) + ")"
    term = term_of_columns(context, table.columns)
    return f"{term} AS a{chance.randint(1, 3)}" if chance.random() < 0.1 else term


def aggregate(context, table):
    if context.chance.random() < 0.25:
        return "count(*)"
    name = context.chance.choice(AGGREGATES)
    if context.chance.random() < 0.75:
        return f"{name}({context.chance.choice(table.columns).name})"
    return f"{name}({term_of_columns(context, table.columns)})"
