"""CQL types as values: the tuples of native_client, and ("frozen", type), ("vector", type, size).

    ("int",)   ("list", type)   ("map", key, value)   ("tuple", [types])   ("udt", name, [(field, type)])"""

NUMBERS = ["tinyint", "smallint", "int", "bigint", "varint", "float", "double", "decimal"]
SIMPLE = NUMBERS + ["text", "ascii", "blob", "boolean", "date", "time", "timestamp", "uuid", "timeuuid", "inet",
                    "duration"]
KEY_FAVOURITES = ["int", "int", "int", "text", "text", "bigint", "timestamp", "date"]
DEPTH_MAX = 2
VECTOR_SIZE_MAX = 3


def text(kind):
    name = kind[0]
    if name == "frozen":
        return f"frozen<{text(kind[1])}>"
    if name in ("list", "set"):
        return f"{name}<{text(kind[1])}>"
    if name == "map":
        return f"map<{text(kind[1])}, {text(kind[2])}>"
    if name == "tuple":
        return "tuple<" + ", ".join(map(text, kind[1])) + ">"
    if name == "vector":
        return f"vector<{text(kind[1])}, {kind[2]}>"
    return kind[1] if name == "udt" else name


def bare(kind):
    return bare(kind[1]) if kind[0] == "frozen" else kind


def is_multicell(kind):
    """Whether a column of the type is kept cell by cell."""
    return kind[0] in ("list", "set", "map", "udt")


def is_frozen(kind):
    return not is_multicell(kind)


def has_duration(kind):
    kind = bare(kind)
    if kind[0] in ("list", "set", "vector"):
        return has_duration(kind[1])
    if kind[0] == "map":
        return has_duration(kind[1]) or has_duration(kind[2])
    if kind[0] == "tuple":
        return any(map(has_duration, kind[1]))
    if kind[0] == "udt":
        return any(has_duration(field) for _, field in kind[2])
    return kind[0] == "duration"


def frozen(kind):
    return ("frozen", kind) if is_multicell(kind) else kind


def simple(chance):
    return (chance.choice(SIMPLE),)


def nested(chance, user_types, depth=0):
    """Any type that may stand inside of another."""
    if depth >= DEPTH_MAX or chance.random() < 0.65:
        return simple(chance)
    return frozen(composite(chance, user_types, depth + 1))


def ordered(chance, user_types, depth):
    """A type that may be a map's key or in a set: duration has no order."""
    kind = nested(chance, user_types, depth)
    return ("int",) if has_duration(kind) else kind


def composite(chance, user_types, depth=0):
    what = chance.choice(["list", "set", "map", "tuple", "vector"] + ["udt"] * bool(user_types))
    if what == "list":
        return ("list", nested(chance, user_types, depth))
    if what == "set":
        return ("set", ordered(chance, user_types, depth))
    if what == "map":
        return ("map", ordered(chance, user_types, depth), nested(chance, user_types, depth))
    if what == "tuple":
        return ("tuple", [nested(chance, user_types, depth) for _ in range(chance.randint(1, 3))])
    if what == "vector":
        inside = ("float",) if chance.random() < 0.6 else nested(chance, user_types, depth)
        return ("vector", inside, chance.randint(1, VECTOR_SIZE_MAX))
    return chance.choice(user_types)


def for_key(chance, user_types):
    draw = chance.random()
    if draw < 0.5:
        return (chance.choice(KEY_FAVOURITES),)
    kind = simple(chance) if draw < 0.85 else frozen(composite(chance, user_types))
    return ("int",) if has_duration(kind) else kind


def for_column(chance, user_types):
    draw = chance.random()
    if draw < 0.45:
        return simple(chance)
    kind = composite(chance, user_types)
    return frozen(kind) if draw > 0.85 else kind
