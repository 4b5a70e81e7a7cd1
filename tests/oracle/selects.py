"""SELECT in all its forms, over a table's columns."""
from expressions import aggregate, selector
from cql_types import bare

SLICES = ["<", "<=", ">", ">="]
PAGES = [1, 2, 3, 5, 7]


def select(context, table):
    """(the statement, its page size or None)"""
    chance = context.chance
    json = "JSON " * (chance.random() < 0.08)
    what, may_group = selection(context, table)
    parts = [f"SELECT {json}{what} FROM {table.name}"]
    relations, filters = where(context, table)
    if relations:
        parts.append("WHERE " + " AND ".join(relations))
    if may_group and chance.random() < 0.3:
        parts.append("GROUP BY " + ", ".join(group(context, table)))
    if table.clustering and chance.random() < 0.2:
        parts.append("ORDER BY " + ", ".join(order(context, table)))
    if chance.random() < 0.1:
        parts.append("PER PARTITION LIMIT " + context.integer(1, 3))
    if chance.random() < 0.15:
        parts.append("LIMIT " + context.integer(1, 4))
    if chance.random() < (0.75 if filters else 0.04):
        parts.append("ALLOW FILTERING")
    return " ".join(parts), chance.choice(PAGES) if chance.random() < 0.3 else None


def selection(context, table):
    chance = context.chance
    draw = chance.random()
    if draw < 0.3:
        return "*", chance.random() < 0.3
    if draw < 0.36:
        columns = [c.name for c in table.partition + table.of("static")]
        return "DISTINCT " + ", ".join(columns[:len(table.partition) + chance.randint(0, 2)]), False
    if draw < 0.55:
        items = [aggregate(context, table) for _ in range(chance.randint(1, 3))]
        items += [c.name for c in chance.sample(table.columns, min(len(table.columns), chance.randint(0, 2)))]
        return ", ".join(items), True
    if draw < 0.8:
        return ", ".join(selector(context, table) for _ in range(chance.randint(1, 3))), chance.random() < 0.2
    return ", ".join(c.name for c in chance.sample(table.columns, chance.randint(1, len(table.columns)))), True


def group(context, table):
    chance, keys = context.chance, table.keys
    names = [column.name for column in keys[:chance.randint(1, len(keys))]]
    if chance.random() < 0.08:
        chance.shuffle(names)
    last = next((column for column in keys if column.name == names[-1]), None)
    if last and bare(last.kind)[0] in ("timestamp", "date") and chance.random() < 0.6:
        names[-1] = f"floor({names[-1]}, {chance.choice(['1d', '1mo', '3d'])})"
    return names


def order(context, table):
    chance = context.chance
    descend = chance.random() < 0.5
    count = chance.randint(1, len(table.clustering))
    descending = table.descending or [False] * len(table.clustering)
    names = []
    for column, natural in zip(table.clustering[:count], descending):
        asked = natural != descend if chance.random() < 0.92 else chance.random() < 0.5
        names.append(column.name + (" DESC" if asked else chance.choice(["", " ASC"])))
    return names


# ---- WHERE ----

def where(context, table):
    """(relations, whether they filter)"""
    draw = context.chance.random()
    if draw < 0.15:
        return [], False
    if draw < 0.65:
        return partition_keys(context, table) + clustering_keys(context, table), False
    if draw < 0.72:
        return token_range(context, table), False
    if draw < 0.9:
        relations = partition_keys(context, table) if context.chance.random() < 0.4 else []
        columns = context.chance.choices(table.columns, k=context.chance.randint(1, 2))
        return relations + [any_relation(context, column) for column in columns], True
    return [any_relation(context, column)
            for column in context.chance.sample(table.columns, min(len(table.columns), 2))], True


def equal_or_in(context, column, in_chance):
    if context.chance.random() < in_chance:
        return is_in(context, column)
    return f"{column.name} = {context.value(column.kind, few=True, odd=0.02)}"


def is_in(context, column):
    chance = context.chance
    drawn = [context.draw(column.kind, few=True, odd=0.02) for _ in range(chance.choice([0, 1, 2, 2, 3]))]
    if context.prepared and chance.random() < 0.4:
        context.bound.append("[" + ", ".join(value.bound for value in drawn if value.bound != "unset") + "]")
        return f"{column.name} IN ?"
    return f"{column.name} IN (" + ", ".join(map(context.put, drawn)) + ")"


def partition_keys(context, table):
    return [equal_or_in(context, column, 0.25) for column in table.partition]


def clustering_keys(context, table):
    chance, columns = context.chance, table.clustering
    if not columns or chance.random() < 0.3:
        return []
    if len(columns) > 1 and chance.random() < 0.25:
        return multi_column(context, columns)
    count = chance.randint(1, len(columns))
    relations = [equal_or_in(context, column, 0.25) for column in columns[:count - 1]]
    last = columns[count - 1]
    if chance.random() < 0.5:
        return relations + [equal_or_in(context, last, 0.3)]
    return relations + slices(context, [last], f"{last.name}")


def slices(context, columns, left):
    chance = context.chance
    operators = chance.choice([[chance.choice(SLICES)], [chance.choice(SLICES[2:]), chance.choice(SLICES[:2])]])
    value = tuple_value if left.startswith("(") else one_value
    return [f"{left} {operator} {value(context, columns)}" for operator in operators]


def one_value(context, columns):
    return context.value(columns[0].kind, few=True, odd=0.02)


def tuple_value(context, columns):
    return "(" + ", ".join(context.value(column.kind, few=True, odd=0.02) for column in columns) + ")"


def multi_column(context, columns):
    chance = context.chance
    first = chance.choice([0, 0, 0, 1]) if len(columns) > 2 else 0
    relations = [equal_or_in(context, column, 0.1) for column in columns[:first]]
    chosen = columns[first:chance.randint(first + 2, len(columns))]
    left = "(" + ", ".join(column.name for column in chosen) + ")"
    if chance.random() < 0.3:
        options = [tuple_value(context, chosen) for _ in range(chance.randint(1, 3))]
        return relations + [f"{left} IN (" + ", ".join(options) + ")"]
    if chance.random() < 0.3:
        return relations + [f"{left} = {tuple_value(context, chosen)}"]
    if chance.random() < 0.3:  # bounds of different lengths
        return relations + slices(context, chosen, left) + [
            f"({chosen[0].name}) {chance.choice(SLICES)} {tuple_value(context, chosen[:1])}"]
    return relations + slices(context, chosen, left)


def token_range(context, table):
    names = ", ".join(column.name for column in table.partition)
    if context.chance.random() < 0.6:
        right = "token(" + ", ".join(context.value(c.kind, few=True, odd=0.02) for c in table.partition) + ")"
    else:
        right = context.chance.choice(["0", "-1", "-9223372036854775808", "9223372036854775807"])
    relations = [f"token({names}) {context.chance.choice(SLICES + ['='])} {right}"]
    return relations + (clustering_keys(context, table) if context.chance.random() < 0.1 else [])


def any_relation(context, column):
    chance, kind = context.chance, bare(column.kind)
    draw = chance.random()
    if kind[0] in ("list", "set") and draw < 0.5:
        return f"{column.name} CONTAINS {context.value(kind[1])}"
    if kind[0] == "map" and draw < 0.6:
        if draw < 0.2:
            return f"{column.name} CONTAINS KEY {context.value(kind[1], few=True)}"
        if draw < 0.4:
            return f"{column.name} CONTAINS {context.value(kind[2])}"
        return f"{column.name}[{context.value(kind[1], few=True)}] = {context.value(kind[2])}"
    if draw < 0.85:
        operator = chance.choice(["=", "=", "="] + SLICES)
        return f"{column.name} {operator} {context.value(column.kind, few=chance.random() < 0.5)}"
    if draw < 0.93:
        return is_in(context, column)
    return f"{column.name} {chance.choice(['!=', 'LIKE', 'CONTAINS'])} {context.value(column.kind)}"
