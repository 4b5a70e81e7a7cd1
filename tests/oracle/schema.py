"""A schema drawn by chance: user types and tables, their CREATE statements, and how ALTER changes them."""
from dataclasses import dataclass, field

import cql_types

TABLES_PER_PROGRAM = 3
OPTIONS = ["gc_grace_seconds = 1000", "comment = 'x'", "default_time_to_live = 100000000",
           "caching = {'keys': 'ALL', 'rows_per_partition': '10'}", "bloom_filter_fp_chance = 0.1",
           "speculative_retry = '99p'", "memtable_flush_period_in_ms = 3600000", "crc_check_chance = 0.5"]
VALUE_NAMES = ["v", "w", "x", '"Q y"', "z"]


@dataclass
class Column:
    name: str
    kind: tuple
    role: str  # partition, clustering, static or regular


@dataclass
class Table:
    name: str
    columns: list
    descending: list = field(default_factory=list)  # of the clustering columns, in their order
    options: list = field(default_factory=list)
    has_conditions: bool = False  # whether conditional writes are drawn for it

    def of(self, *roles):
        return [column for column in self.columns if column.role in roles]

    @property
    def partition(self):
        return self.of("partition")

    @property
    def clustering(self):
        return self.of("clustering")

    @property
    def keys(self):
        return self.of("partition", "clustering")

    @property
    def values(self):
        return self.of("static", "regular")

    @property
    def is_counter(self):
        return any(column.kind == ("counter",) for column in self.columns)

    def create(self):
        parts = [f"{c.name} {cql_types.text(c.kind)}" + " static" * (c.role == "static") for c in self.columns]
        partition = ", ".join(column.name for column in self.partition)
        clustering = "".join(", " + column.name for column in self.clustering)
        key = partition if len(self.partition) == 1 else f"({partition})"
        parts.append(f"PRIMARY KEY ({key}{clustering})")
        options = list(self.options)
        if any(self.descending):
            order = ", ".join(f"{column.name} {'DESC' if descending else 'ASC'}"
                              for column, descending in zip(self.clustering, self.descending))
            options.insert(0, f"CLUSTERING ORDER BY ({order})")
        end = " WITH " + " AND ".join(options) if options else ""
        return f"CREATE TABLE {self.name} ({', '.join(parts)}){end}"


class Schema:
    def __init__(self, chance):
        self.chance = chance
        self.user_types = []
        for name in ("u", "deep")[:chance.randint(0, 2)]:
            fields = [(field, self.field_type()) for field in ("a", "b", '"F c"')[:chance.randint(1, 3)]]
            self.user_types.append(("udt", name, fields))
        self.tables = [self.table(f"t{i}") for i in range(TABLES_PER_PROGRAM)]
        if chance.random() < 0.5:
            self.tables.append(self.counter_table("n"))
        self.added = 0

    def field_type(self):
        return cql_types.nested(self.chance, self.user_types, depth=1)

    def creations(self):
        for _, name, fields in self.user_types:
            yield f"CREATE TYPE {name} (" + ", ".join(f"{n} {cql_types.text(k)}" for n, k in fields) + ")"
        for table in self.tables:
            yield table.create()

    def keys(self):
        chance = self.chance
        partition = ["k", "k2"][:chance.choice([1, 1, 1, 2])]
        clustering = ["c", "d", "e"][:chance.choice([0, 1, 1, 2, 2, 3])]
        columns = [Column(name, cql_types.for_key(chance, self.user_types), "partition") for name in partition]
        return columns + [Column(n, cql_types.for_key(chance, self.user_types), "clustering") for n in clustering]

    def table(self, name):
        chance, columns = self.chance, self.keys()
        clustering = [column for column in columns if column.role == "clustering"]
        if clustering:
            columns += [Column(n, cql_types.for_column(chance, self.user_types), "static")
                        for n in ("s", "s2")[:chance.choice([0, 0, 1, 2])]]
        columns += [Column(n, cql_types.for_column(chance, self.user_types), "regular")
                    for n in VALUE_NAMES[:chance.randint(0, 4)]]
        options = [chance.choice(OPTIONS)] if chance.random() < 0.2 else []
        return Table(name, columns, self.descending(clustering), options, chance.random() < 0.35)

    def counter_table(self, name):
        columns = self.keys()
        clustering = [column for column in columns if column.role == "clustering"]
        columns += [Column(n, ("counter",), "regular") for n in ("v", "w")[:self.chance.randint(1, 2)]]
        if clustering and self.chance.random() < 0.4:
            columns.append(Column("s", ("counter",), "static"))
        return Table(name, columns, self.descending(clustering))

    def descending(self, clustering):
        return [self.chance.random() < 0.35 for _ in clustering]

    # ---- ALTER: the statement, after the change has been made here ----

    def alteration(self):
        """(statement, the table that it changes, or None)"""
        table = self.chance.choice(self.tables)
        draw = self.chance.random()
        if draw < 0.35:
            return self.add_column(table), table
        if draw < 0.6 and table.of("regular"):
            return self.drop_column(table), table
        if draw < 0.75:
            return self.rename_key(table), table
        if draw < 0.9 and self.user_types:
            return self.alter_type(), None
        return f"ALTER TABLE {table.name} WITH {self.chance.choice(OPTIONS)}", table

    def add_column(self, table):
        self.added += 1
        static = bool(table.clustering) and self.chance.random() < 0.3
        kind = ("counter",) if table.is_counter else cql_types.for_column(self.chance, self.user_types)
        column = Column(f"added{self.added}", kind, "static" if static else "regular")
        table.columns.append(column)
        return f"ALTER TABLE {table.name} ADD {column.name} {cql_types.text(kind)}" + " static" * static

    def drop_column(self, table):
        column = self.chance.choice(table.of("regular"))
        table.columns.remove(column)
        return f"ALTER TABLE {table.name} DROP {column.name}"

    def rename_key(self, table):
        column = self.chance.choice(table.keys)
        before, column.name = column.name, column.name + "_"
        return f"ALTER TABLE {table.name} RENAME {before} TO {column.name}"

    def alter_type(self):
        kind = self.chance.choice(self.user_types)
        self.added += 1
        name, added = f"f{self.added}", cql_types.simple(self.chance)
        kind[2].append((name, added))  # in place: columns of the type share it
        return f"ALTER TYPE {kind[1]} ADD {name} {cql_types.text(added)}"
