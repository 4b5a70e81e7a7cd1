"""INSERT, UPDATE, DELETE, conditions and batches. Every plain write says its timestamp, so that both servers agree."""
from cql_types import bare, is_multicell
from expressions import element, part_of
from selects import SLICES, equal_or_in, multi_column, slices
from values import Value

FILLING_ROWS = 4
TTL = 100000000   # far away: over three years
TIMESTAMP_STEP = 10
SHORT_TTLS = [5, 50, 500, 500, TTL, 0]  # where each statement says the time
ODD_TTLS = ["-1", "630720001", "null"]
ODD_STAMPS = ["-1", "0", "9223372036854775807", "-9223372036854775808", "null", "9223372036854775808", "1.5"]
CONSISTENCIES = ["ANY", "ALL", "QUORUM", "LOCAL_QUORUM", "LOCAL_ONE", "EACH_QUORUM", "SERIAL", "LOCAL_SERIAL"]
CONDITION_OPERATORS = ["=", "=", "!=", "<", "<=", ">", ">="]


def broken(chance, text):
    """A document with a character taken out, doubled or put in."""
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(["", text[at] * 2, text[at] + chance.choice('"{}[],:\\\n x1-.e'), "\\u00zz", "nul"]) + text[at + 1:]


class Writer:
    """Draws writes; their timestamps mostly rise, sometimes meet or fall back."""

    def __init__(self, chance, ttls=(TTL, TTL, 0)):
        self.chance, self.ttls = chance, ttls
        self.ttl_chance = 0.12 if TTL == ttls[0] else 0.35
        self.clock = 1000
        # A list's index is looked up when a command is applied: other partitions' parts of a batch are written then.
        self.in_batch = False
        self.pinned = {}  # of the columns of the partition key, the values that all parts of a batch share

    def write(self, context, table):
        """(the statement, how it is sent)"""
        draw = self.chance.random()
        if draw < 0.01:
            return f"TRUNCATE {self.chance.choice(['', 'TABLE '])}{table.name}", {}
        if table.is_counter:
            # No deletions: in Cassandra a counter survives its own.
            return (self.counter_batch if draw < 0.15 else self.counter_update)(context, table), {}
        conditional = table.has_conditions and self.chance.random() < 0.3
        if draw < 0.1:
            return self.batch(context, table)
        if not conditional and self.chance.random() < 0.06:
            return self.single(context, table, False, self.chance.random(), False), {"timestamp": self.timestamp()}
        sent = {"serial": self.chance.choice(["SERIAL", "LOCAL_SERIAL"])} if self.chance.random() < 0.1 else {}
        return self.single(context, table, conditional, self.chance.random()), sent

    def single(self, context, table, conditional, draw, stamped=True):
        if draw < 0.5:
            return self.insert(context, table, conditional, stamped)
        if draw < 0.8 and table.values:
            return self.update(context, table, conditional, stamped)
        return self.delete(context, table, conditional, stamped)

    def timestamp(self):
        self.clock += TIMESTAMP_STEP
        return self.clock + self.chance.choice([0, 0, 0, 0, -TIMESTAMP_STEP, -3 * TIMESTAMP_STEP, -100])

    def using(self, context, stamped, ttl_chance=None):
        items = []
        if stamped:
            number = str(self.timestamp()) if self.chance.random() < 0.99 else self.chance.choice(ODD_STAMPS)
            items.append("TIMESTAMP " + context.put(Value(number, number, None, number)))
        if self.chance.random() < (self.ttl_chance if ttl_chance is None else ttl_chance):
            number = str(self.chance.choice(self.ttls)) if self.chance.random() < 0.97 else self.chance.choice(ODD_TTLS)
            items.append("TTL " + context.put(Value(number, number, None, number)))
        if self.chance.random() < 0.3:
            items.reverse()
        if items and "?" not in items[0] and self.chance.random() < 0.005:
            items.append(items[0])
        return " USING " + " AND ".join(items) if items else ""

    def insert(self, context, table, conditional, stamped=True):
        # Once a row's own time has passed, Cassandra doesn't see older columns of it that are not asked for, until they are
        # compacted: a row whose columns expire apart has no time of its own here.
        ttls, self.ttls = self.ttls, [ttl for ttl in self.ttls if ttl in (TTL, 0)]
        statement = self.plain_insert(context, table, conditional, stamped)
        self.ttls = ttls
        return statement

    def plain_insert(self, context, table, conditional, stamped):
        columns = list(table.keys)
        if self.chance.random() < 0.03:
            columns.pop()
        columns += [column for column in table.values if self.chance.random() < 0.6]
        if table.of("static") and self.chance.random() < 0.15:
            columns = table.partition + self.chance.sample(table.of("static"), 1)
        # Of compact tables Cassandra keeps no row of which JSON gives the key alone.
        if self.chance.random() < 0.1 and "COMPACT STORAGE" not in table.options:
            return self.insert_json(context, table, columns, conditional, stamped)
        self.chance.shuffle(columns)
        cells = [self.cell(context, table, column) for column in columns]
        names = ", ".join(column.name for column in columns)
        if self.chance.random() < 0.01:
            names += ", " + self.chance.choice(["nosuch", table.keys[0].name])
            if self.chance.random() < 0.7:
                cells.append(context.value(table.keys[0].kind))
        condition = " IF NOT EXISTS" * conditional
        using = self.using(context, stamped and not conditional)
        return f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(cells)}){condition}{using}"

    def filling(self, context, table):
        """A batch that gives one partition several rows."""
        self.pinned = {column.name: context.draw(column.kind, few=True, odd=0) for column in table.partition}
        rows = [self.insert(context, table, False) for _ in range(FILLING_ROWS)]
        self.pinned = {}
        return f"BEGIN UNLOGGED BATCH {'; '.join(rows)}; APPLY BATCH"

    def cell(self, context, table, column):
        if column.name in self.pinned:
            return context.put(self.pinned[column.name])
        return context.value(column.kind, few=column in table.keys, odd=0.01 if column in table.keys else 0.06)

    def key_is(self, context, column, in_chance):
        if column.name in self.pinned:
            return f"{column.name} = {context.put(self.pinned[column.name])}"
        return equal_or_in(context, column, in_chance)

    def insert_json(self, context, table, columns, conditional, stamped):
        pairs = []
        for column in columns:
            name = column.name.replace('"', '\\"')
            if self.chance.random() < 0.1:
                name = self.chance.choice([name.upper(), f'\\"{name}\\"', "nosuch"])
            drawn = self.pinned.get(column.name) or context.draw(column.kind, few=column in table.keys)
            pairs.append(f'"{name}": {drawn.json}')
        text = "{" + ", ".join(pairs) + "}"
        if self.chance.random() < 0.15:
            text = broken(self.chance, text)
        document = context.put(Value("'" + text.replace("'", "''") + "'", repr(text), None, None))
        default = self.chance.choice(["", "", " DEFAULT NULL", " DEFAULT UNSET"])
        condition = " IF NOT EXISTS" * conditional
        using = self.using(context, stamped and not conditional)
        return f"INSERT INTO {table.name} JSON {document}{default}{condition}{using}"

    def update(self, context, table, conditional, stamped=True):
        using = self.using(context, stamped and not conditional)
        columns = self.chance.sample(table.values, min(len(table.values), self.chance.choice([1, 1, 1, 2])))
        if self.chance.random() < 0.015:
            columns.append(self.chance.choice(columns + table.keys))
        changes = ", ".join(self.assignment(context, column) for column in columns)
        only_static = all(column.role == "static" for column in columns)
        where = self.row(context, table, only_static)
        condition = self.conditions(context, table, only_static) if conditional else ""
        return f"UPDATE {table.name}{using} SET {changes} WHERE {where}{condition}"

    def assignment(self, context, column):
        kind, name, draw = bare(column.kind), column.name, self.chance.random()
        if not is_multicell(column.kind) and draw < 0.93:
            return f"{name} = {context.value(column.kind)}"
        if self.chance.random() < 0.02:
            return f"{name} {self.chance.choice(['+=', '-='])} {context.value(column.kind)}"
        if kind[0] == "udt" and draw < 0.5:
            field, inside = self.chance.choice(kind[2])
            return f"{name}.{field} = {context.value(inside)}"
        if kind[0] in ("list", "set", "map"):
            if draw < 0.3:
                removed = ("set", kind[1]) if kind[0] == "map" else kind
                return f"{name} = {name} - {context.value(removed)}"
            if draw < 0.6:
                return f"{name} = {name} + {context.value(kind)}"
            if draw < 0.65:
                return f"{name} = {context.value(kind)} + {name}"
            if draw < 0.7:
                return f"{name} {self.chance.choice(['+=', '-='])} {context.value(kind)}"
            if draw < 0.8 and kind[0] != "set" and not (self.in_batch and kind[0] == "list"):
                key = context.integer(0, 2) if kind[0] == "list" else context.value(kind[1], few=True)
                return f"{name}[{key}] = {context.value(kind[-1])}"
        return f"{name} = {context.value(column.kind)}"

    def row(self, context, table, only_static=False):
        columns = list(table.partition)
        if not (only_static and self.chance.random() < 0.9):
            columns += table.clustering
        if len(columns) > 1 and self.chance.random() < 0.02:
            columns.pop()
        return " AND ".join(self.key_is(context, column, 0.06) for column in columns)

    def delete(self, context, table, conditional, stamped=True):
        chosen, draw = [], self.chance.random()
        if table.values and draw < 0.4:
            chosen = self.chance.sample(table.values, min(len(table.values), self.chance.choice([1, 1, 2])))
        parts = [element(context, column) if self.has_parts(column) and self.chance.random() < 0.5
                 else column.name for column in chosen]
        using = self.using(context, stamped and not conditional, ttl_chance=0.01)
        relations = [self.key_is(context, column, 0.1) for column in table.partition]
        if chosen and all(column.role == "static" for column in chosen):
            pass
        elif chosen or draw < 0.65:
            relations += [equal_or_in(context, column, 0.15) for column in table.clustering]
        elif table.clustering and draw < 0.9:
            relations += self.clustering_range(context, table)
        condition = self.conditions(context, table, False) if conditional else ""
        what = ", ".join(parts) + " " if parts else ""
        return f"DELETE {what}FROM {table.name}{using} WHERE {' AND '.join(relations)}{condition}"

    def has_parts(self, column):
        return is_multicell(column.kind) and not (self.in_batch and column.kind[0] == "list")

    def clustering_range(self, context, table):
        columns = table.clustering
        if len(columns) > 1 and self.chance.random() < 0.25:
            return multi_column(context, columns)
        count = self.chance.randint(0, len(columns) - 1)
        relations = [equal_or_in(context, column, 0.1) for column in columns[:count]]
        return relations + (slices(context, [columns[count]], columns[count].name)
                            if self.chance.random() < 0.8 else [])

    # ---- Conditions ----

    def conditions(self, context, table, only_static):
        columns = table.of("static") if only_static else table.values
        if not columns or self.chance.random() < 0.25:
            return " IF EXISTS"
        if self.chance.random() < 0.02:
            columns = table.columns  # keys are refused
        chosen = self.chance.choices(columns, k=self.chance.choice([1, 1, 2]))
        return " IF " + " AND ".join(self.condition(context, column) for column in chosen)

    def condition(self, context, column):
        kind, left, inside = bare(column.kind), column.name, column.kind
        if kind[0] in ("list", "map", "udt") and self.chance.random() < 0.4:
            left, inside = part_of(context, left, kind)
        elif kind[0] in ("list", "set", "map") and self.chance.random() < 0.15:
            if kind[0] == "map" and self.chance.random() < 0.4:
                return f"{left} CONTAINS KEY {context.value(kind[1])}"
            return f"{left} CONTAINS {context.value(kind[-1])}"
        if self.chance.random() < 0.15:
            if context.prepared and self.chance.random() < 0.3:
                drawn = [context.draw(inside, odd=0.02).bound for _ in range(self.chance.randint(0, 2))]
                context.bound.append("[" + ", ".join(bound for bound in drawn if bound != "unset") + "]")
                return f"{left} IN ?"
            options = [context.value(inside) for _ in range(self.chance.randint(1, 3))]
            return f"{left} IN ({', '.join(options)})"
        if self.chance.random() < 0.01:
            left, inside = left + self.chance.choice(["[0]", ".a", "['a']", ".nosuch"]), ("int",)
        if inside == ("",):
            inside = ("int",)
        return f"{left} {self.chance.choice(CONDITION_OPERATORS)} {context.value(inside, odd=0.2)}"

    # ---- Counters and batches ----

    def counter_batch(self, context, table):
        kind = self.chance.choice(["COUNTER ", "COUNTER ", "COUNTER ", "UNLOGGED ", ""])
        others = [t for t in context.schema.tables if not t.is_counter]
        parts = [self.counter_update(context, table) for _ in range(self.chance.randint(1, 3))]
        if self.chance.random() < 0.08 and not context.prepared:
            parts.append(self.insert(context, self.chance.choice(others), False))
        return f"BEGIN {kind}BATCH {'; '.join(parts)}; APPLY BATCH"

    def counter_update(self, context, table):
        column = self.chance.choice(table.values)
        amount = context.integer(-5, 5)
        change = (f"{column.name} {self.chance.choice(['+=', '-='])} {amount}" if self.chance.random() < 0.5
                  else f"{column.name} = {column.name} {self.chance.choice('+-')} {amount}")
        return f"UPDATE {table.name} SET {change} WHERE {self.row(context, table, column.role == 'static')}"

    def batch(self, context, table):
        """(the statement, how it is sent)"""
        kind = self.chance.choice(["", "", "UNLOGGED "])
        conditional = table.has_conditions and self.chance.random() < 0.4
        stamp, sent, shared = "", {}, self.chance.random() < (0.03 if conditional else 0.4)
        if shared and not conditional and self.chance.random() < 0.25:
            sent["timestamp"] = self.timestamp()
        elif shared:
            stamp = f" USING TIMESTAMP {self.timestamp()}"
            if self.chance.random() < 0.2:
                stamp += f" AND TTL {TTL}"
        others = [table] if conditional and self.chance.random() < 0.95 else [t for t in context.schema.tables if not t.is_counter]
        if conditional and self.chance.random() < 0.8:
            self.pinned = {column.name: context.draw(column.kind, few=True, odd=0) for column in table.partition}
        parts, self.in_batch = [], True
        for number in range(self.chance.randint(1, 4)):
            target = table if number == 0 else self.chance.choice(others)
            parts.append(self.single(context, target, conditional and self.chance.random() < 0.7,
                                     self.chance.random(), stamped=not shared and not conditional))
        self.in_batch, self.pinned = False, {}
        return f"BEGIN {kind}BATCH{stamp} {'; '.join(parts)}; APPLY BATCH", sent
