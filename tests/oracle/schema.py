"""A schema drawn by chance: user types and tables, their CREATE statements, and how ALTER changes them."""
from dataclasses import dataclass, field

import cql_types

TABLES_PER_PROGRAM = 3
OPTIONS = ["gc_grace_seconds = 1000", "comment = 'x'", "default_time_to_live = 100000000",
           "caching = {'keys': 'ALL', 'rows_per_partition': '10'}", "bloom_filter_fp_chance = 0.1",
           "speculative_retry = '99p'", "memtable_flush_period_in_ms = 3600000", "crc_check_chance = 0.5",
           "compaction = {'class': 'LeveledCompactionStrategy', 'sstable_size_in_mb': '10'}",
           "compaction = {'class': 'SizeTieredCompactionStrategy', 'min_threshold': '2', 'max_threshold': 8}",
           "compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'HOURS'}",
           "compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4, L8'}",
           "compression = {'class': 'ZstdCompressor', 'compression_level': '3'}", "read_repair = 'NONE'",
           "compression = {'sstable_compression': 'DeflateCompressor', 'chunk_length_kb': 64}", "cdc = false",
           "additional_write_policy = 'NEVER'", "min_index_interval = 64 AND max_index_interval = 256",
           "extensions = {'a': '0x01'}", "incremental_backups = false", "allow_auto_snapshot = true",
           "memtable = 'default'", "speculative_retry = 'MIN(99PERCENTILE,50MS)'", "default_time_to_live = 0",
           "id = 50554d6e-29bb-11e5-b345-feff819cdc9f", "comment = $$it's$$"]
ODD_OPTIONS = ["compaction = {'class': 'LeveledCompactionStrategy', 'min_threshold': 1}", "compression = {'class': 'No'}",
               "compaction = {'sstable_size_in_mb': '10'}", "compression = {'chunk_length_in_kb': 3}", "cdc = 'x'",
               "min_index_interval = 1000 AND max_index_interval = 2", "read_repair = 'SOMETIMES'", "caching = 'ALL'",
               "bloom_filter_fp_chance = 0", "bloom_filter_fp_chance = 1.5", "crc_check_chance = 2", "memtable = 'no'",
               "speculative_retry = '101p'", "speculative_retry = 5", "additional_write_policy = 'ONCE'",
               "compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'YEARS'}",
               "compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'X1'}", "comment = {}",
               "caching = {'keys': 'ALL', 'rows': '1'}", "extensions = {'a': 'b'}", "compaction = {}", "compression = {}",
               "dclocal_read_repair_chance = 0.1", "read_repair_chance = 0.5", "compaction = {'class': 'Level'} ",
               "default_time_to_live = 700000000", "memtable_flush_period_in_ms = -1", "gc_grace_seconds = 1.5",
               "gc_grace_seconds = -1", "default_time_to_live = 'x'", "nosuch = 1", "compaction = {'class': 'Nosuch'}",
               "compression = {'enabled': 'false'}", "comment = 1", "caching = {'keys': 'SOME'}", "id = 1"]
VALUE_NAMES = ["v", "w", "x", '"Q y"', "z"]
COMPACTIONS = ["SizeTieredCompactionStrategy", "LeveledCompactionStrategy", "TimeWindowCompactionStrategy",
               "UnifiedCompactionStrategy"]
COMPACTION_OPTIONS = ["min_threshold", "max_threshold", "enabled", "tombstone_threshold", "tombstone_compaction_interval",
                      "unchecked_tombstone_compaction", "bucket_low", "bucket_high", "min_sstable_size", "sstable_size_in_mb",
                      "fanout_size", "compaction_window_unit", "compaction_window_size", "timestamp_resolution",
                      "scaling_parameters", "target_sstable_size", "base_shard_count", "sstable_growth", "nosuch",
                      "max_sstables_to_compact", "flush_size_override", "overlap_inclusion_method", "log_all",
                      "provide_overlapping_tombstones", "only_purge_repaired_tombstones", "unsafe_aggressive_sstable_expiration"]
COMPRESSORS = ["LZ4Compressor", "SnappyCompressor", "DeflateCompressor", "ZstdCompressor", "NoopCompressor", ""]
COMPRESSION_OPTIONS = ["chunk_length_in_kb", "compression_level", "lz4_compressor_type", "lz4_high_compressor_level", "enabled",
                       "min_compress_ratio", "nosuch", "crc_check_chance"]
OPTION_VALUES = ["0", "1", "2", "4", "-1", "0.5", "1.5", "10", "100000", "true", "false", "x", "", "DAYS", "MINUTES", "high", "T4",
                 "L10,T4", "1GiB", "100MiB", "ROW", "NONE", "MILLISECONDS", "TRANSITIVE", "9223372036854775808"]
# Words of the language as names of columns.
WORDS = ['"select"', "key", "ttl", "json", "timestamp", "list", "values", "distinct", "count", "writetime", "cast", "type",
         "filtering", "contains", "text", "vector", '"K"', '"Token"', "per", "as", "unset", '"from"', "date", "cluster"]
WORD_CHANCE = 0.04
COMPACT_CHANCE = 0.07


@dataclass
class Column:
    name: str
    kind: tuple
    role: str  # partition, clustering, static or regular
    descends: bool = False


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
        self.added, self.dropped = 0, []  # of the dropped columns, the table and the column

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
        for column in columns:
            word = chance.choice(WORDS)
            if chance.random() < WORD_CHANCE and all(word != other.name for other in columns):
                column.name = word
        options = [chance.choice(OPTIONS)] if chance.random() < 0.3 else []
        if chance.random() < COMPACT_CHANCE:
            options.append("COMPACT STORAGE")
            regular = [column for column in columns if column.role == "regular"][:1 if clustering else None]
            columns = [c for c in columns if c in regular or c.role not in ("static", "regular")]
            for column in regular:
                column.kind = cql_types.frozen(column.kind)
        return Table(name, columns, self.descending(clustering), options, chance.random() < 0.35)

    def replace(self, table):
        """The table as another one of its name."""
        other = self.counter_table(table.name) if table.name == "n" else self.table(table.name)
        table.__dict__.update(other.__dict__)
        self.dropped = [(of, column) for of, column in self.dropped if of is not table]

    def counter_table(self, name):
        columns = self.keys()
        clustering = [column for column in columns if column.role == "clustering"]
        columns += [Column(n, ("counter",), "regular") for n in ("v", "w")[:self.chance.randint(1, 2)]]
        if clustering and self.chance.random() < 0.4:
            columns.append(Column("s", ("counter",), "static"))
        return Table(name, columns, self.descending(clustering))

    def descending(self, clustering):
        for column in clustering:
            column.descends = self.chance.random() < 0.35
        return [column.descends for column in clustering]

    # ---- ALTER: the statement, after the change has been made here ----

    def alteration(self, clock):
        """A statement; `clock` is about the timestamp of the last write."""
        table = self.chance.choice(self.tables)
        draw = self.chance.random()
        if draw < 0.06:
            return f"DROP TABLE {table.name}"
        if draw < 0.3:
            return self.add_columns(table)
        if draw < 0.42 and self.dropped:
            return self.add_again()
        if draw < 0.62 and table.values:
            return self.drop_columns(table, clock)
        if draw < 0.74:
            return self.rename_keys(table)
        if draw < 0.9 and self.user_types:
            return self.alter_type()
        return f"ALTER TABLE {table.name} WITH {self.chance.choice(OPTIONS + ODD_OPTIONS)}"

    def add_columns(self, table):
        columns = [self.new_column(table) for _ in range(self.chance.choice([1, 1, 1, 2, 3]))]
        table.columns += columns
        listed = ", ".join(self.definition(column) for column in columns)
        exists = self.chance.choice(["", "", "", "IF NOT EXISTS "])
        return f"ALTER TABLE {table.name} ADD {exists}" + (listed if len(columns) == 1 else f"({listed})")

    def new_column(self, table):
        self.added += 1
        is_static = bool(table.clustering) and self.chance.random() < 0.3
        kind = ("counter",) if table.is_counter else cql_types.for_column(self.chance, self.user_types)
        return Column(f"added{self.added}", kind, "static" if is_static else "regular")

    def definition(self, column):
        return f"{column.name} {cql_types.text(column.kind)}" + " static" * (column.role == "static")

    def drop_columns(self, table, clock):
        columns = self.chance.sample(table.values, min(len(table.values), self.chance.choice([1, 1, 1, 2])))
        for column in columns:
            table.columns.remove(column)
            self.dropped.append((table, column))
        names = ", ".join(column.name for column in columns)
        stamp = f" USING TIMESTAMP {clock - self.chance.choice([0, 100, 1000])}" * (self.chance.random() < 0.7)
        exists = self.chance.choice(["", "", "", "IF EXISTS "])
        return f"ALTER TABLE {table.name} DROP {exists}" + (names if len(columns) == 1 else f"({names})") + stamp

    def add_again(self):
        """A dropped column as it was; sometimes as another, which is refused unless what it held can be read so."""
        table, column = self.dropped.pop(self.chance.randrange(len(self.dropped)))
        if self.chance.random() < 0.75:
            table.columns.append(column)
            return f"ALTER TABLE {table.name} ADD {self.definition(column)}"
        self.dropped.append((table, column))
        other = self.new_column(table)
        other.name = column.name
        return f"ALTER TABLE {table.name} ADD {self.definition(other)}"

    def rename_keys(self, table):
        columns = self.chance.sample(table.keys, min(len(table.keys), self.chance.choice([1, 1, 2])))
        parts = []
        for column in columns:
            before, column.name = column.name, column.name + "_"
            parts.append(f"{before} TO {column.name}")
        return f"ALTER TABLE {table.name} RENAME " + " AND ".join(parts)

    def alter_type(self):
        kind = self.chance.choice(self.user_types)
        self.added += 1
        name = f"f{self.added}"
        if self.chance.random() < 0.3:
            at = self.chance.randrange(len(kind[2]))
            before, inside = kind[2][at]
            kind[2][at] = (name, inside)
            return f"ALTER TYPE {kind[1]} RENAME {before} TO {name}"
        added = cql_types.nested(self.chance, [other for other in self.user_types if other is not kind], depth=1)
        if "udt" in str(added):  # no type may contain itself
            added = cql_types.simple(self.chance)
        kind[2].append((name, added))  # in place: columns of the type share it
        return f"ALTER TYPE {kind[1]} ADD {name} {cql_types.text(added)}"

    # ---- Statements that change or show the schema and leave it as it is here ----

    def other_definition(self):
        chance, table = self.chance, self.chance.choice(self.tables)
        if chance.random() < 0.4:
            return self.odd_definition()
        named = [table.name, "nosuch", "u", "deep"]
        return chance.choice([
            f"CREATE TABLE IF NOT EXISTS {table.name} (k int PRIMARY KEY)", table.create(),
            f"DROP TABLE IF EXISTS nosuch", f"DROP TYPE {chance.choice(named)}", f"DROP TYPE IF EXISTS nosuch",
            f"CREATE TYPE IF NOT EXISTS u (a int)", f"CREATE TYPE deep (a int, a int)",
            f"ALTER TABLE {chance.choice(named)} ADD {chance.choice(table.columns).name} int",
            f"ALTER TABLE {table.name} DROP {chance.choice(table.columns).name}_no",
            f"ALTER TABLE {table.name} DROP {table.partition[0].name}",
            f"ALTER TABLE {table.name} RENAME {chance.choice(table.columns).name} TO {chance.choice(table.columns).name}",
            f"ALTER TABLE {table.name} ALTER {chance.choice(table.columns).name} TYPE blob",
            f"ALTER TYPE {chance.choice(named)} ADD a int", f"ALTER TYPE u RENAME a TO b",
            f"DESCRIBE TYPE {chance.choice(named)}", f"DESCRIBE TABLE {chance.choice(named)}", "DESCRIBE TYPES",
            "DESCRIBE TABLES", f"DESCRIBE {chance.choice(named)}", f"DESC TABLE {table.name} WITH INTERNALS",
            "DESCRIBE KEYSPACE", "DESCRIBE ONLY KEYSPACE", "DESCRIBE FUNCTIONS", "DESCRIBE AGGREGATES",
            f"DESCRIBE INDEX {chance.choice(named)}", f"DESCRIBE MATERIALIZED VIEW {chance.choice(named)}",
            f"DESCRIBE FUNCTION {chance.choice(named)}", "DESCRIBE AGGREGATE nosuch", "DESCRIBE KEYSPACE nosuch",
            "DESCRIBE TABLE system.local", "DESCRIBE nosuch.t0", "DESCRIBE system.peers",
            f"ALTER TABLE IF EXISTS {chance.choice(named)} DROP nosuch", f"ALTER TABLE {table.name} ADD v int MASKED WITH DEFAULT",
            f"ALTER TYPE IF EXISTS {chance.choice(named)} ADD IF NOT EXISTS a int", f"ALTER TYPE u ALTER a TYPE text",
            f"ALTER TABLE {table.name} RENAME IF EXISTS nosuch TO k", "CREATE TYPE nosuch.u (a int)", "DROP TYPE nosuch.u",
            "CREATE TYPE odd (a nosuch.u)", "CREATE TYPE odd (a system.u)", "CREATE TABLE nosuch.t (k int PRIMARY KEY)",
            "CREATE KEYSPACE nosuch", "CREATE KEYSPACE nosuch WITH replication = {'class': 'Nosuch'}",
            "CREATE KEYSPACE nosuch WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 'x'}",
            "CREATE KEYSPACE nosuch WITH replication = {'class': 'SimpleStrategy'} AND nosuch = 1",
            "ALTER KEYSPACE nosuch WITH durable_writes = true", "DROP KEYSPACE nosuch", "DROP KEYSPACE IF EXISTS nosuch",
            "ALTER KEYSPACE IF EXISTS nosuch WITH durable_writes = true",
            "USE nosuch", f"CREATE TABLE {table.name}2 (k int PRIMARY KEY, v int MASKED WITH DEFAULT)"])

    # ---- Tables x1 to x3, which may be as they must not ----

    def odd_definition(self):
        chance, name = self.chance, self.chance.choice(["x1", "x2", "x3"])
        draw = chance.random()
        if draw < 0.5:
            return self.odd_table(name)
        return chance.choice([
            f"DROP TABLE {name}", f"DESCRIBE TABLE {name}", f"DESCRIBE TABLE {name}",
            f"ALTER TABLE {name} WITH {self.odd_option()}",
            f"CREATE TABLE {name} (a int PRIMARY KEY) WITH {self.odd_option()} AND {chance.choice(ODD_OPTIONS)}",
            f"ALTER TABLE {chance.choice(self.tables).name} WITH {self.odd_option()}",
            f"CREATE TABLE {name} (a int, b int, c int, PRIMARY KEY (a, b, c)) WITH CLUSTERING ORDER BY ("
            f"{chance.choice('abcd')} ASC, {chance.choice('abc')} DESC)",
            f"ALTER TABLE {name} ADD a {self.odd_type()}", f"ALTER TABLE {name} ADD {self.odd_column('g')}",
            f"ALTER TABLE {name} DROP {chance.choice('abcd')}", f"ALTER TABLE {name} DROP COMPACT STORAGE",
            f"ALTER TYPE u ADD odd {self.odd_type()}", f"SELECT * FROM {name}"])

    def odd_table(self, name):
        chance, names = self.chance, list("abcd")[:self.chance.randint(1, 4)]
        parts = [self.odd_column(name) for name in names]
        if chance.random() < 0.15:
            parts[0] += " PRIMARY KEY"
        else:
            keys = chance.choice([names[:1], names[:2], names[:3], [names[-1]], ["a", "a"], ["zz"], names])
            cut = chance.randint(0, 2) if chance.random() < 0.3 else 0
            partition = f"({', '.join(keys[:cut])})" if cut else keys[0]
            parts.append(f"PRIMARY KEY ({', '.join([partition] + keys[cut or 1:])})")
        options = chance.sample(["CLUSTERING ORDER BY (b DESC)", "CLUSTERING ORDER BY (b ASC, c DESC)", "COMPACT STORAGE",
                                 "CLUSTERING ORDER BY (a DESC)"] + OPTIONS + ODD_OPTIONS, chance.choice([0, 0, 0, 1, 2]))
        end = " WITH " + " AND ".join(options) if options else ""
        return f"CREATE TABLE {name} ({', '.join(parts)}){end}"

    def options_of(self, name, classes, options):
        chosen = self.chance.sample(options, self.chance.randint(0, 3))
        parts = [f"'class': '{self.chance.choice(classes)}'"] + [f"'{o}': '{self.chance.choice(OPTION_VALUES)}'" for o in chosen]
        return f"{name} = {{{', '.join(parts)}}}"

    def odd_option(self):
        if self.chance.random() < 0.6:
            return self.options_of("compaction", COMPACTIONS, COMPACTION_OPTIONS)
        return self.options_of("compression", COMPRESSORS, COMPRESSION_OPTIONS)

    def odd_column(self, name):
        return f"{name} {self.odd_type()}" + " static" * (self.chance.random() < 0.12)

    def odd_type(self):
        chance = self.chance
        draw = chance.random()
        if draw < 0.5:
            return cql_types.text(cql_types.simple(chance))
        if draw < 0.75:
            return cql_types.text(cql_types.for_column(chance, self.user_types))
        inside = self.odd_type()
        return chance.choice([
            f"frozen<{inside}>", f"list<{inside}>", f"set<{inside}>", f"map<{inside}, int>", f"tuple<{inside}, text>",
            f"vector<{inside}, {chance.choice([0, -1, 2, 9000])}>", "counter", "duration", "nosuch", "u", "frozen<u>", "deep",
            "\"u\"", "'org.apache.cassandra.db.marshal.Int32Type'", "frozen<list<u>>", "list<frozen<deep>>", "Text",
            "'ReversedType(Int32Type)'", "empty", "varchar"])
