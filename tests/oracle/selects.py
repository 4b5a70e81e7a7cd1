"""SELECT in all its forms, over a table's columns."""
from cql_types import bare
from expressions import CLOCKS, EMPTY, UNSET, aggregate, element, layer, selector
from values import NULL, Value

SLICES = ["<", "<=", ">", ">="]
FLOORS = ["1d", "1mo", "3d", "2h", "1y", "1h30m", "1d, '1969-12-30'", "1w, '2024-01-01T00:00:00Z'", "0d", "-1d", "1d2h"]
TOKENS = ["0", "-1", "-9223372036854775808", "9223372036854775807", "-4000000000000000000", "4000000000000000000"]
PAGES = [1, 2, 3, 5, 7]


def select(context, table):
    """(the statement, its page size or None)"""
    chance = context.chance
    json = chance.choice(["JSON ", "json "]) if chance.random() < 0.1 else ""
    what, may_group = selection(context, table)
    parts = [f"SELECT {json}{what} FROM {table.name}"]
    relations, filters = where(context, table)
    if relations:
        parts.append("WHERE " + " AND ".join(relations))
    if may_group and chance.random() < 0.35:
        parts.append("GROUP BY " + ", ".join(group(context, table)))
    if table.clustering and chance.random() < 0.2:
        parts.append("ORDER BY " + ", ".join(order(context, table)))
    # Over several partitions, limits and pages meet.
    is_wide = not relations or " IN " in relations[0] or "token(" in relations[0]
    if chance.random() < (0.2 if is_wide else 0.08):
        parts.append("PER PARTITION LIMIT " + limit(context, 3))
    if chance.random() < (0.25 if is_wide else 0.12):
        parts.append("LIMIT " + limit(context, 6 if is_wide else 4))
    if chance.random() < (0.75 if filters else 0.04):
        parts.append("ALLOW FILTERING")
    return " ".join(parts), chance.choice(PAGES) if chance.random() < (0.45 if is_wide else 0.25) else None


def limit(context, high):
    if context.chance.random() > 0.06:
        return context.integer(1, high)
    odd = context.chance.choice([NULL, UNSET, EMPTY, Value("0", "0", None, None), Value("-1", "-1", None, None)])
    return context.put(odd)


def selection(context, table):
    chance = context.chance
    draw = chance.random()
    if draw < 0.3:
        return "*", chance.random() < 0.3
    if draw < 0.36:
        columns = [c.name for c in table.partition + table.of("static")]
        chosen = columns[:len(table.partition) + chance.randint(0, 2)]
        if chance.random() < 0.25:
            chosen[-1] = layer(context, chosen[-1], bare(table.partition[0].kind))[0]
        return "DISTINCT " + ", ".join(chosen), chance.random() < 0.1
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
    at = -1 if chance.random() < 0.9 else 0
    last = next((column for column in keys if column.name == names[at]), None)
    if last and bare(last.kind)[0] in ("timestamp", "date", "time") and chance.random() < 0.75:
        names[at] = f"floor({names[at]}, {chance.choice(FLOORS)})"
    elif last and chance.random() < 0.03:
        names[at] = layer(context, names[at], bare(last.kind))[0]
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
    if chance.random() < 0.04:
        column = chance.choice(table.columns)
        vector = context.draw(column.kind).literal
        names = chance.choice([[f"{column.name} ANN OF {vector}"], [column.name], names + [column.name], ["nosuch"]])
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
        return multi_column(context, columns, table.columns)
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
    clocks = CLOCKS.get(bare(columns[0].kind)[0])
    if clocks and bare(columns[0].kind)[0] != "uuid" and context.chance.random() < 0.03:  # later than all values
        return context.chance.choice(clocks)
    return context.value(columns[0].kind, few=True, odd=0.02)


def tuple_value(context, columns):
    if context.prepared and context.chance.random() < 0.2:
        context.bound.append(bound_tuple(context, columns))
        return "?"
    return "(" + ", ".join(context.value(column.kind, few=True, odd=0.02) for column in columns) + ")"


def multi_column(context, columns, table_columns=None):
    chance = context.chance
    first = chance.choice([0, 0, 0, 1]) if len(columns) > 2 else 0
    relations = [equal_or_in(context, column, 0.1) for column in columns[:first]]
    chosen = columns[first:chance.randint(first + 2, len(columns))]
    if chance.random() < 0.05:  # in an order, or of columns, that must not be
        chosen = chance.choices(table_columns or columns, k=chance.randint(1, 3))
    left = "(" + ", ".join(column.name for column in chosen) + ")"
    if chance.random() < 0.3:
        options = [tuple_value(context, chosen) for _ in range(chance.randint(1, 3))]
        return relations + [f"{left} IN (" + ", ".join(options) + ")"]
    if context.prepared and chance.random() < 0.2:
        options = [bound_tuple(context, chosen) for _ in range(chance.randint(1, 3))]
        context.bound.append("[" + ", ".join(options) + "]")
        return relations + [f"{left} IN ?"]
    if chance.random() < 0.3:
        return relations + [f"{left} = {tuple_value(context, chosen)}"]
    if chance.random() < 0.4:  # bounds of different lengths
        fewer = chosen[:chance.randint(1, len(chosen))]
        names = "(" + ", ".join(column.name for column in fewer) + ")"
        return relations + slices(context, chosen, left) + [
            f"{names} {chance.choice(SLICES)} {tuple_value(context, fewer)}"]
    return relations + slices(context, chosen, left)


def bound_tuple(context, columns):
    return "[" + ", ".join(context.draw(column.kind, few=True, odd=0).bound for column in columns) + "]"


def token_range(context, table):
    names = ", ".join(column.name for column in table.partition)
    if context.chance.random() < 0.03:  # not the partition key
        names = ", ".join(c.name for c in context.chance.choices(table.columns, k=context.chance.randint(1, 2)))
    if context.chance.random() < 0.6:
        right = "token(" + ", ".join(context.value(c.kind, few=True, odd=0.02) for c in table.partition) + ")"
    else:
        right = token_number(context)
    operator = context.chance.choice(SLICES + ["="])
    if context.chance.random() < 0.05:
        operator, right = context.chance.choice(["!=", "IN", "LIKE"]), f"({right}, {context.chance.choice(TOKENS)})"
    relations = [f"token({names}) {operator} {right}"]
    if context.chance.random() < 0.25:
        relations.append(f"token({names}) {context.chance.choice(SLICES)} {token_number(context)}")
    if context.chance.random() < 0.1:
        relations += partition_keys(context, table)
    return relations + (clustering_keys(context, table) if context.chance.random() < 0.15 else [])


def token_number(context):
    number = context.chance.choice(TOKENS)
    return context.put(Value(number, number, None, number))


def any_relation(context, column):
    draw = context.chance.random()
    if draw < 0.02:
        return odd_relation(context, column)
    relation = plain_relation(context, column)
    return f"({relation})" if draw < 0.06 else relation


def odd_relation(context, column):
    return context.chance.choice([
        f"{column.name} IS NOT NULL", f"{column.name} LIKE '%a'", f"{column.name} LIKE 'a%'", f"{column.name} = {column.name}",
        f"({column.name}) = ({context.draw(column.kind).literal})", f"({column.name}) IN (({context.draw(column.kind).literal}))",
        "expr(nosuch, 'a')", "nosuch = 1", f"{context.draw(column.kind).literal} = {column.name}", f"-{column.name} = 1",
        f"abs({column.name}) = 1", f"CAST({column.name} AS text) = 'a'"])


def plain_relation(context, column):
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
    if kind[0] in ("udt", "list", "set") and draw < 0.58:
        return f"{element(context, column)} {chance.choice(['='] + SLICES)} {context.value(part_kind(kind))}"
    if draw < 0.85:
        operator = chance.choice(["=", "=", "="] + SLICES)
        return f"{column.name} {operator} {context.value(column.kind, few=chance.random() < 0.5)}"
    if draw < 0.93:
        return is_in(context, column)
    operator = chance.choice(["!=", "LIKE", "CONTAINS", "CONTAINS KEY", "IS NOT", "NOT IN", "BETWEEN"])
    return f"{column.name} {operator} {context.value(column.kind)}"


def part_kind(kind):
    return kind[2][0][1] if kind[0] == "udt" else kind[1]


# ---- What the server's own tables say of the schema ----

SYSTEM_QUERIES = [
    "SELECT * FROM system_schema.keyspaces WHERE keyspace_name = {name}",
    "SELECT keyspace_name, table_name, {table} FROM system_schema.tables WHERE keyspace_name = {name}",
    "SELECT {column} FROM system_schema.columns WHERE keyspace_name = {name} AND table_name = {of}",
    "SELECT JSON {column} FROM system_schema.columns WHERE keyspace_name = {name} LIMIT 3",
    "SELECT table_name, count(*), max(position) FROM system_schema.columns WHERE keyspace_name = {name} GROUP BY table_name",
    "SELECT column_name FROM system_schema.columns WHERE keyspace_name = {name} AND table_name > {of} PER PARTITION LIMIT 2",
    "SELECT column_name, type FROM system_schema.columns WHERE keyspace_name = {name} AND kind = 'regular' ALLOW FILTERING",
    "SELECT * FROM system_schema.types WHERE keyspace_name = {name}",
    "SELECT field_names, field_types FROM system_schema.types WHERE keyspace_name = {name} AND type_name IN ('u', 'deep')",
    "SELECT column_name, kind, type FROM system_schema.dropped_columns WHERE keyspace_name = {name}",
    "SELECT * FROM system_schema.indexes WHERE keyspace_name = {name}",
    "SELECT * FROM system_schema.views WHERE keyspace_name = {name}",
    "SELECT * FROM system_schema.functions WHERE keyspace_name = {name}",
    "SELECT * FROM system_schema.column_masks WHERE keyspace_name = {name}",
    "SELECT * FROM system_virtual_schema.keyspaces",
    "SELECT key, bootstrapped, cql_version, native_protocol_version, partitioner FROM system.local WHERE key = 'local'",
    "SELECT * FROM system.peers WHERE peer = '9.9.9.9'", "INSERT INTO system_views.settings (name) VALUES ('a')",
    "SELECT * FROM system.nosuch", "SELECT * FROM nosuch.t0", "DROP TABLE system_schema.tables", "TRUNCATE system_views.settings",
    "CREATE TABLE system_schema.mine (k int PRIMARY KEY)", "ALTER TABLE system_schema.tables ADD v int", "ALTER KEYSPACE system WITH "
    "durable_writes = true"]
SCHEMA_TABLE_COLUMNS = ["bloom_filter_fp_chance", "caching", "comment", "compaction", "compression", "crc_check_chance",
                        "default_time_to_live", "extensions", "flags", "gc_grace_seconds", "max_index_interval",
                        "memtable_flush_period_in_ms", "min_index_interval", "speculative_retry", "additional_write_policy",
                        "cdc", "read_repair", "allow_auto_snapshot", "incremental_backups", "memtable"]
SCHEMA_COLUMN_COLUMNS = ["column_name", "clustering_order", "column_name_bytes", "kind", "position", "type"]


def system_select(chance, table, keyspace):
    return chance.choice(SYSTEM_QUERIES).format(
        name=f"'{keyspace}'", of=f"'{table.name}'", table=", ".join(chance.sample(SCHEMA_TABLE_COLUMNS, 4)),
        column=", ".join(chance.sample(SCHEMA_COLUMN_COLUMNS, 3)))
