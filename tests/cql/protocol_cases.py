"""Conversations in the native protocol: each case says something to a server and gives what came back as lines.

`recorded/protocol/` has what Cassandra answered; `protocol` records and replays. A case runs for each of its versions on
connections of its own, in a keyspace of its own."""
import re
import struct
import time
import uuid

from native_client import UNSET, long_string, string
from system_keyspaces import Watch
from wire import (ANSWER_SECONDS_MAX, BATCH, EXECUTE, OPTIONS, PAYLOAD, PREPARE, QUERY, REGISTER, STARTUP, TRACING,
                  Wire, lines, rows_of, short_bytes)

CASES = []


def case(*versions):
    def add(function):
        CASES.append((function.__name__, function, versions or (3, 4, 5)))
        return function
    return add


class Talk:
    """A server for one case: `connect` opens connections, `note` keeps lines. `is_shared`: others use the server, and
    nothing may be said that changes its own keyspaces."""

    def __init__(self, host, port, version, keyspace, is_shared=False):
        self.host, self.port, self.version, self.keyspace = host, port, version, keyspace
        self.lines, self.wires, self.is_shared = [], [], is_shared

    def open(self, version=None, compression=None):
        watch = Watch() if self.is_shared else None
        wire = Wire(self.host, self.port, version or self.version, compression, watch)
        self.wires.append(wire)
        return wire

    def connect(self, compression=None, version=None):
        wire = self.open(version, compression)
        wire.start()
        return wire

    def home(self, *statements):
        """A connection in the case's keyspace, which begins empty; then these statements."""
        wire = self.connect()
        wire.query(f"DROP KEYSPACE IF EXISTS {self.keyspace}")
        wire.query(f"CREATE KEYSPACE {self.keyspace} WITH replication = "
                   "{'class': 'SimpleStrategy', 'replication_factor': 1}")
        wire.query(f"USE {self.keyspace}")
        for statement in statements:
            wire.query(statement)
        return wire

    def note(self, title, answer=None):
        self.lines.append(f"  -- {title}")
        answer = answer() if callable(answer) else answer
        if answer is None:
            return
        self.lines += answer.lines() if hasattr(answer, "lines") else lines(answer)

    def attempt(self, title, ask):
        """As `note`, of what may end the connection."""
        try:
            self.note(title, ask)
        except TimeoutError:
            self.lines.append("  no answer")
        except OSError:
            self.lines.append("  connection closed")

    def close(self):
        for wire in self.wires:
            wire.socket.close()


def startup_body(**options):
    return struct.pack(">H", len(options)) + b"".join(string(k) + string(v) for k, v in options.items())


# --- before a session

@case()
def supported(talk):
    talk.note("OPTIONS first", talk.open().say(OPTIONS))
    talk.note("and after", talk.connect().say(OPTIONS))


@case()
def startup(talk):
    for title, options in (("none", {}), ("version 3.0.0", {"CQL_VERSION": "3.0.0"}),
                           ("version 3.4.7", {"CQL_VERSION": "3.4.7"}), ("version 3.9.9", {"CQL_VERSION": "3.9.9"}),
                           ("version 2.0.0", {"CQL_VERSION": "2.0.0"}), ("version 4.0.0", {"CQL_VERSION": "4.0.0"}),
                           ("version 1", {"CQL_VERSION": "1"}), ("version x", {"CQL_VERSION": "x"}),
                           ("lower case", {"cql_version": "3.0.0"}),
                           ("unknown compression", {"CQL_VERSION": "3.0.0", "COMPRESSION": "zip"}),
                           ("snappy", {"CQL_VERSION": "3.0.0", "COMPRESSION": "snappy"}),
                           ("LZ4", {"CQL_VERSION": "3.0.0", "COMPRESSION": "LZ4"}),
                           ("unknown option", {"CQL_VERSION": "3.0.0", "WHATEVER": "1"}),
                           ("throw on overload", {"CQL_VERSION": "3.0.0", "THROW_ON_OVERLOAD": "1"})):
        talk.attempt(title, lambda o=options: talk.open().say(STARTUP, startup_body(**o)))


@case()
def before_startup(talk):
    wire = talk.open()
    talk.attempt("QUERY", lambda: wire.query("SELECT key FROM system.local"))
    talk.attempt("REGISTER", lambda: talk.open().say(REGISTER, struct.pack(">H", 0)))


@case()
def startup_twice(talk):
    wire = talk.connect()
    talk.attempt("again", lambda: wire.say(STARTUP, startup_body(CQL_VERSION="3.0.0")))
    talk.attempt("still alive", lambda: wire.query("SELECT key FROM system.local"))


@case()
def opcodes(talk):
    for opcode in (0x00, 0x02, 0x08, 0x11, 0x44):
        talk.attempt(f"opcode {opcode}", lambda o=opcode: talk.connect().say(o, b"\0" * 8))


@case()
def opcodes_of_nothing(talk):
    for opcode in (0x04, 0x0F):
        talk.attempt(f"opcode {opcode}", lambda o=opcode: talk.connect().say(o, b"\0" * 8))


@case()
def register(talk):
    wire = talk.connect()
    talk.note("three", wire.say(REGISTER, struct.pack(">H", 3) + string("TOPOLOGY_CHANGE") + string("STATUS_CHANGE") +
                                string("SCHEMA_CHANGE")))
    talk.attempt("lower case", lambda: wire.say(REGISTER, struct.pack(">H", 1) + string("schema_change")))
    talk.attempt("none", lambda: wire.say(REGISTER, struct.pack(">H", 0)))
    talk.attempt("unknown", lambda: wire.say(REGISTER, struct.pack(">H", 1) + string("WEATHER_CHANGE")))
    talk.attempt("still alive", lambda: wire.say(OPTIONS) and None)


# --- requests that are not right

@case()
def malformed(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, v int)")
    query = long_string("SELECT key FROM system.local")
    for title, opcode, body in (
            ("unknown consistency", QUERY, query + wire.parameters(consistency=77)),
            ("values without markers", QUERY, query + wire.parameters(values=[b"1234"])),
            ("the least timestamp", QUERY, query + wire.parameters(timestamp=-2**63)),
            ("page state of nonsense", QUERY, query + wire.parameters(page=1, state=b"nonsense")),
            ("empty page state", QUERY, query + wire.parameters(page=1, state=b"")),
            ("an empty text", QUERY, long_string("") + wire.parameters()),
            ("batch type 3", BATCH, b"\3\0\0" + wire.parameters()),
            ("batch statement kind 2", BATCH, b"\0\0\1\2" + query + b"\0\0" + wire.parameters())):
        talk.attempt(title, lambda o=opcode, b=body: talk.connect().say(o, b))


@case()
def malformed_in_other_words(talk):
    wire = talk.connect()
    query = long_string("SELECT key FROM system.local")
    for title, opcode, body in (
            ("a text cut short", QUERY, long_string("SELECT key")[:-3]),
            ("serial consistency ONE", QUERY, query + wire.parameters(serial=1)),
            ("not UTF-8", QUERY, struct.pack(">i", 2) + b"\xff\xfe" + wire.parameters()),
            ("page size 0", QUERY, query + wire.parameters(page=0)),
            ("names in a batch", BATCH, b"\0\0\0" + wire.parameters(more_flags=0x40)),
            ("an empty PREPARE", PREPARE, b""),
            ("EXECUTE without id", EXECUTE, b"")):
        talk.attempt(title, lambda o=opcode, b=body: talk.connect().say(o, b))
    wire.send(OPTIONS, stream=-1)
    talk.attempt("a negative stream", wire.hear)


@case()
def bytes_left_over(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY)", "INSERT INTO t (k) VALUES (1)",
                     "INSERT INTO t (k) VALUES (2)")
    prepared = wire.prepare("SELECT k FROM t WHERE k = 1")
    query, insert = long_string("SELECT k FROM t"), long_string("INSERT INTO t (k) VALUES (3)")
    ids = short_bytes(prepared.id) + (short_bytes(prepared.metadata_id) if talk.version >= 5 else b"")
    more = b"\0\7more"
    for title, opcode, body in (
            ("QUERY", QUERY, query + wire.parameters() + more),
            ("PREPARE", PREPARE, query + (b"\0\0\0\0" if talk.version >= 5 else b"") + more),
            ("EXECUTE", EXECUTE, ids + wire.parameters() + more),
            ("BATCH", BATCH, b"\0\0\1\0" + insert + b"\0\0" + wire.parameters() + more),
            ("REGISTER", REGISTER, struct.pack(">H", 1) + string("SCHEMA_CHANGE") + more),
            ("OPTIONS", OPTIONS, more)):
        talk.attempt(title, lambda o=opcode, b=body: wire.say(o, b))
    # Flags as wide as another version has them: what is read instead of them ends before the body does.
    others = struct.pack(">HI", 1, 4) if talk.version < 5 else struct.pack(">HB", 1, 4)
    talk.attempt("flags of another version", lambda: wire.say(QUERY, query + others + struct.pack(">i", 1)))


@case()
def cut_short(talk):
    wire = talk.connect()
    query = long_string("SELECT key FROM system.local")
    for title, body in (("no parameters", b""), ("parameters cut short", b"\0"),
                        ("values cut short", wire.parameters(values=[b"1234"])[:-2])):
        frame = talk.connect().say(QUERY, query + body)
        talk.note(f"{title}: {'an error' if frame.opcode == 0 else frame.opcode}")


@case(5)
def unknown_flags(talk):
    wire = talk.connect()
    query = long_string("SELECT key FROM system.local")
    talk.attempt("flags 0x400", lambda: wire.say(QUERY, query + wire.parameters(more_flags=0x400)))


# --- queries

TYPES = ("CREATE TYPE u (a int, b text)",
         "CREATE TABLE t (k int, c text, s int static, v int, w list<int>, x frozen<map<text, int>>, y u, "
         "z tuple<int, text>, d date, e time, f smallint, g tinyint, h duration, i vector<float, 2>, j set<date>, "
         "PRIMARY KEY (k, c))",
         "INSERT INTO t (k, c, s, v) VALUES (1, 'a', 1, 1)", "INSERT INTO t (k, c, v) VALUES (1, 'b', 2)",
         "INSERT INTO t (k, c, v) VALUES (1, 'c', 3)")


@case()
def metadata(talk):
    wire = talk.home(*TYPES)
    talk.note("all columns", wire.query("SELECT * FROM t WHERE k = 1"))
    talk.note("selected", wire.query("SELECT v, c AS n, count(*), v + 1 FROM t WHERE k = 1"))
    talk.note("skipped", wire.query("SELECT v, c FROM t WHERE k = 1", skip=True))
    talk.note("a page", wire.query("SELECT v, c FROM t WHERE k = 1", page=2))
    talk.note("a page, skipped", wire.query("SELECT v, c FROM t WHERE k = 1", page=2, skip=True))
    for size in (-1, 4):
        talk.note(f"page size {size}", wire.query("SELECT v FROM t WHERE k = 1", page=size))
    talk.note("no rows", wire.query("SELECT v, c FROM t WHERE k = 2", page=1))
    talk.note("JSON", wire.query("SELECT JSON k, v FROM t WHERE k = 1 LIMIT 1"))
    talk.note("a condition", wire.query("UPDATE t SET v = 5 WHERE k = 1 AND c = 'a' IF v = 4"))
    talk.note("a condition, skipped", wire.query("UPDATE t SET v = 5 WHERE k = 1 AND c = 'a' IF v = 4", skip=True))
    talk.note("one that holds", wire.query("UPDATE t SET v = 5 WHERE k = 1 AND c = 'a' IF v = 1"))
    talk.note("a write", wire.query("UPDATE t SET v = 1 WHERE k = 1 AND c = 'a'"))


@case()
def prepare(talk):
    wire = talk.home(*TYPES)
    for text in ("SELECT * FROM t", "SELECT * FROM t WHERE k = ? AND c > ? LIMIT ?", "SELECT v FROM t WHERE k IN ?",
                 "SELECT v FROM t WHERE k = ? AND c IN (?, ?)", "SELECT v FROM t WHERE token(k) > ?",
                 "INSERT INTO t (c, k, v, h) VALUES (?, ?, ?, ?) USING TTL ? AND TIMESTAMP ?",
                 "INSERT INTO t (k, c, v) VALUES (:a, :b, :a)", "INSERT INTO t JSON ?",
                 "UPDATE t SET v = ?, w[?] = ?, y.a = ? WHERE k = ? AND c = ?",
                 "UPDATE t SET v = ? WHERE k = ? AND c = ? IF v = ?", "INSERT INTO t (k, c) VALUES (?, ?) IF NOT EXISTS",
                 "DELETE w[?], x FROM t WHERE k = ? AND c = ?", "SELECT (int) ?, v + ? FROM t",
                 "BEGIN BATCH INSERT INTO t (k, c) VALUES (?, ?); UPDATE t SET v = ? WHERE k = ? AND c = ? APPLY BATCH",
                 "BEGIN BATCH USING TIMESTAMP ? INSERT INTO t (k, c) VALUES (?, ?) APPLY BATCH",
                 "USE system", "TRUNCATE t", "CREATE TABLE x (k int PRIMARY KEY)", "DROP TABLE nope",
                 "DESCRIBE TABLES", "SELECT nope FROM t", "SELECT", "SELECT v FROM t WHERE k = 1", ""):
        talk.note(text, wire.prepare(text))


@case()
def execute(talk):
    wire = talk.home(*TYPES)
    select = wire.prepare("SELECT v, c FROM t WHERE k = ? AND c >= ?")
    one = struct.pack(">i", 1)
    talk.note("with metadata", wire.execute(select, values=[one, b"b"]))
    talk.note("skipped", wire.execute(select, values=[one, b"b"], skip=True))
    talk.note("skipped, a page", wire.execute(select, values=[one, b"a"], skip=True, page=1))
    talk.note("by name", wire.execute(select, values=[b"b", one], names=["c", "k"]))
    talk.attempt("a name too many", lambda: wire.execute(select, values=[b"b", one, one], names=["c", "k", "v"]))
    talk.attempt("a wrong name", lambda: wire.execute(select, values=[b"b", one], names=["c", "x"]))
    talk.attempt("too few", lambda: wire.execute(select, values=[one]))
    talk.attempt("too many", lambda: wire.execute(select, values=[one, b"b", b"c"]))
    talk.attempt("none", lambda: wire.execute(select))
    talk.attempt("null", lambda: wire.execute(select, values=[None, b"b"]))
    talk.attempt("unset", lambda: wire.execute(select, values=[UNSET, b"b"]))
    insert = wire.prepare("INSERT INTO t (k, c, v) VALUES (?, ?, ?)")
    talk.attempt("an unset value", lambda: wire.execute(insert, values=[one, b"a", UNSET]))
    talk.attempt("a value of the wrong size", lambda: wire.execute(insert, values=[one, b"a", b"123"]))
    talk.note("what is there", wire.query("SELECT v, c FROM t WHERE k = 1"))


@case()
def unprepared(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY)")
    known = wire.prepare("SELECT * FROM t")
    known.id = bytes(range(16))
    talk.note("an unknown id", wire.execute(known))
    talk.note("in a batch", wire.batch([(known, [])]))
    known.id = b"short"
    talk.note("a short id", wire.execute(known))


def id_change(prepared, frame):
    metadata = frame.metadata()
    return "none" if not metadata or metadata.new_id is None else "same" if metadata.new_id == prepared.metadata_id else "changed"


@case()
def altered_under_a_prepared_statement(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, a int, b int)", "INSERT INTO t (k, a, b) VALUES (1, 2, 3)")
    every, some = wire.prepare("SELECT * FROM t"), wire.prepare("SELECT b FROM t")
    insert = wire.prepare("INSERT INTO t (k, a) VALUES (?, ?)")
    other = talk.connect()

    def both(title):
        for name, statement in (("*", every), ("b", some)):
            for skip in (False, True):
                talk.note(f"{title}: {name}{', skipped' if skip else ''}", wire.execute(statement, skip=skip))

    def again(title):
        for text, statement in (("SELECT * FROM t", every), ("SELECT b FROM t", some)):
            fresh = wire.prepare(text)
            same_id, same_metadata = fresh.id == statement.id, fresh.metadata_id == statement.metadata_id
            talk.note(f"{title}: {text} prepared again: id {same_id}, metadata id {same_metadata}", fresh)

    both("before")
    talk.note("ADD", other.query(f"ALTER TABLE {talk.keyspace}.t ADD c int"))
    both("after ADD")
    talk.note("the insert", wire.execute(insert, values=[struct.pack(">i", 1), struct.pack(">i", 4)]))
    again("after ADD")
    talk.note("DROP", other.query(f"ALTER TABLE {talk.keyspace}.t DROP c"))
    both("after DROP")
    talk.note("DROP b", other.query(f"ALTER TABLE {talk.keyspace}.t DROP b"))
    both("after DROP b")
    talk.note("ADD b text", other.query(f"ALTER TABLE {talk.keyspace}.t ADD z text"))
    talk.note("comment", other.query(f"ALTER TABLE {talk.keyspace}.t WITH comment = 'x'"))
    talk.note("the insert", wire.execute(insert, values=[struct.pack(">i", 1), struct.pack(">i", 5)]))
    talk.note("drop the table", other.query(f"DROP TABLE {talk.keyspace}.t"))
    both("after the drop")
    talk.note("create it again", other.query(f"CREATE TABLE {talk.keyspace}.t (k text PRIMARY KEY)"))
    both("after the new table")


@case(5)
def metadata_ids(talk):
    wire = talk.home("CREATE TYPE u (a int)", "CREATE TABLE t (k int PRIMARY KEY, a int, f frozen<u>)",
                     "INSERT INTO t (k, a) VALUES (1, 2)")
    every, insert = wire.prepare("SELECT * FROM t"), wire.prepare("INSERT INTO t (k) VALUES (?)")
    lwt = wire.prepare("INSERT INTO t (k) VALUES (?) IF NOT EXISTS")
    same = wire.prepare("SELECT * FROM  t")
    talk.note(f"another text with the same columns: {same.metadata_id == every.metadata_id}")
    talk.note(f"an insert and a conditional one: {insert.metadata_id == lwt.metadata_id}")
    for skip in (False, True):
        frame = wire.execute(every, metadata_id=b"\1" * 16, skip=skip)
        talk.note(f"a wrong id, skip {skip}: {id_change(every, frame)}", frame)
    talk.note("an empty id", wire.execute(every, metadata_id=b"", skip=True))
    talk.connect().query(f"ALTER TYPE {talk.keyspace}.u ADD b int")
    for skip in (False, True):
        frame = wire.execute(every, skip=skip)
        talk.note(f"after ALTER TYPE, skip {skip}: {id_change(every, frame)}", frame)
    one = [struct.pack(">i", 1)]
    talk.note("an insert with a wrong id", wire.execute(insert, metadata_id=b"\1" * 16, values=one))
    for skip in (False, True):
        frame = wire.execute(lwt, values=one, skip=skip)
        talk.note(f"a condition, skip {skip}: {id_change(lwt, frame)}", frame)


# --- keyspaces

@case()
def use(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY)")
    talk.note("system", wire.query("USE system"))
    talk.note("upper case", wire.query("USE SYSTEM"))
    talk.note("quoted", wire.query('USE "System"'))
    talk.note("unknown", wire.query("USE nowhere"))
    talk.note("still in system", wire.query("SELECT key FROM local"))
    fresh = talk.connect()
    talk.note("no keyspace", fresh.query("SELECT * FROM t"))
    talk.note("prepared without", fresh.prepare("SELECT * FROM t"))
    prepared = fresh.prepare(f"USE {talk.keyspace}")
    talk.note("USE prepared", prepared)
    talk.note("executed", fresh.execute(prepared))
    talk.note("now", fresh.query("SELECT * FROM t"))
    talk.note("drop it", fresh.query(f"DROP KEYSPACE {talk.keyspace}"))
    talk.note("then", fresh.query("SELECT * FROM t"))


@case(5)
def keyspace_of_a_request(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY)", "INSERT INTO t (k) VALUES (1)")
    fresh = talk.connect()
    talk.note("QUERY", fresh.query("SELECT * FROM t", keyspace=talk.keyspace))
    talk.note("QUERY elsewhere", wire.query("SELECT key FROM local", keyspace="system"))
    talk.note("unknown", fresh.query("SELECT * FROM t", keyspace="nowhere"))
    talk.note("qualified, unknown", fresh.query(f"SELECT * FROM {talk.keyspace}.t", keyspace="nowhere"))
    talk.note("it does not last", fresh.query("SELECT * FROM t"))
    talk.note("USE with one", fresh.query("USE system", keyspace=talk.keyspace))
    prepared = fresh.prepare("SELECT * FROM t", keyspace=talk.keyspace)
    talk.note("PREPARE", prepared)
    talk.note("executed", fresh.execute(prepared))
    inside = wire.prepare("SELECT * FROM t")
    talk.note(f"the same id as in the keyspace: {prepared.id == inside.id}")
    qualified = [c.prepare(f"SELECT * FROM {talk.keyspace}.t") for c in (wire, talk.connect())]
    talk.note(f"qualified, with and without a keyspace: {qualified[0].id == qualified[1].id}")
    talk.note("PREPARE, unknown", fresh.prepare("SELECT * FROM t", keyspace="nowhere"))
    talk.note("BATCH", fresh.batch([("INSERT INTO t (k) VALUES (2)", [])], keyspace=talk.keyspace))
    talk.note("BATCH, unknown", fresh.batch([("INSERT INTO t (k) VALUES (2)", [])], keyspace="nowhere"))
    talk.note("CREATE", fresh.query("CREATE TABLE made (k int PRIMARY KEY)", keyspace=talk.keyspace))
    talk.note("there", wire.query("SELECT * FROM made"))


@case(5)
def now_in_seconds(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, v int)")
    now = 1_600_000_000
    talk.note("written", wire.query("INSERT INTO t (k, v) VALUES (1, 1) USING TTL 100", now=2_000_000_000))
    for at in (2_000_000_000, 2_000_000_040, 2_000_000_099, 2_000_000_101):
        talk.note(f"read at {at}", wire.query("SELECT v, ttl(v) FROM t WHERE k = 1", now=at))
    insert = wire.prepare("INSERT INTO t (k, v) VALUES (2, 1) USING TTL 100")
    talk.note("executed", wire.execute(insert, now=now))
    talk.note("read then", wire.query("SELECT v, ttl(v) FROM t WHERE k = 2", now=now + 10))
    talk.note("read now", wire.query("SELECT v FROM t WHERE k = 2"))
    talk.note("a batch", wire.batch([("INSERT INTO t (k, v) VALUES (3, 1) USING TTL 10", [])], now=2_000_000_000))
    talk.note("read", wire.query("SELECT v, ttl(v) FROM t WHERE k = 3", now=2_000_000_001))
    talk.note("functions", wire.query("SELECT toUnixTimestamp(now()) > 1700000000000 FROM t", now=5))


@case()
def values_of_a_query(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, v int)")
    one = struct.pack(">i", 1)
    talk.note("positional", wire.query("INSERT INTO t (k, v) VALUES (?, ?)", values=[one, one]))
    talk.note("named", wire.query("INSERT INTO t (k, v) VALUES (:a, :b)", values=[one, one], names=["b", "a"]))
    talk.note("one for two", wire.query("INSERT INTO t (k, v) VALUES (:a, :a)", values=[one], names=["a"]))
    talk.attempt("too few", lambda: wire.query("INSERT INTO t (k, v) VALUES (?, ?)", values=[one]))
    talk.attempt("no values", lambda: wire.query("INSERT INTO t (k, v) VALUES (?, ?)"))
    talk.attempt("for a schema change", lambda: wire.query("CREATE TABLE u (k int PRIMARY KEY)", values=[one]))
    talk.note("there", wire.query("SELECT * FROM t"))


# --- batches

@case()
def batch(talk):
    wire = talk.home("CREATE TABLE t (k int, c int, v int, PRIMARY KEY (k, c))", "CREATE TABLE n (k int PRIMARY KEY, v counter)")
    insert = wire.prepare("INSERT INTO t (k, c, v) VALUES (?, ?, ?)")
    one, two = struct.pack(">i", 1), struct.pack(">i", 2)
    talk.note("mixed", wire.batch([(insert, [one, one, two]), ("INSERT INTO t (k, c) VALUES (?, 2)", [one])]))
    talk.note("unlogged", wire.batch([(insert, [two, one, two]), (insert, [two, two, two])], kind=1))
    talk.note("empty", wire.batch([]))
    talk.note("a timestamp", wire.batch([(insert, [one, two, two])], timestamp=1000))
    talk.note("two timestamps", wire.batch([("INSERT INTO t (k, c) VALUES (3, 3) USING TIMESTAMP 2000", [])], timestamp=1000))
    talk.note("counters", wire.batch([("UPDATE n SET v = v + 1 WHERE k = 1", [])], kind=2))
    talk.note("counters in a logged one", wire.batch([("UPDATE n SET v = v + 1 WHERE k = 1", [])]))
    talk.note("others in a counter batch", wire.batch([(insert, [one, one, one])], kind=2))
    talk.note("a SELECT", wire.batch([("SELECT * FROM t", [])]))
    talk.note("a batch in a batch", wire.batch([("BEGIN BATCH INSERT INTO t (k, c) VALUES (1, 1); APPLY BATCH", [])]))
    talk.note("a schema change", wire.batch([("DROP TABLE t", [])]))
    talk.note("too few values", wire.batch([(insert, [one, one])]))
    talk.note("values for none", wire.batch([("INSERT INTO t (k, c) VALUES (1, 2)", [one])]))
    talk.note("no syntax", wire.batch([("INSERT INTO", [])]))
    talk.note("conditions", wire.batch([("INSERT INTO t (k, c) VALUES (1, 1) IF NOT EXISTS", []), (insert, [one, two, one])]))
    talk.note("that hold", wire.batch([("INSERT INTO t (k, c) VALUES (9, 1) IF NOT EXISTS", [])], serial=9))
    talk.note("serial consistency", wire.batch([(insert, [one, one, two])], consistency=8))
    talk.note("there", wire.query("SELECT * FROM t"))


# --- around requests

@case(4, 5)
def custom_payload(talk):
    wire = talk.home()
    payload = struct.pack(">H", 2) + string("a") + struct.pack(">i", 1) + b"x" + string("b") + struct.pack(">i", -1)
    query = long_string("SELECT key FROM system.local") + wire.parameters()
    talk.note("QUERY", wire.say(QUERY, payload + query, PAYLOAD))
    talk.note("OPTIONS", lambda: wire.say(OPTIONS, payload, PAYLOAD) and None)


@case(3)
def custom_payload_in_v3(talk):
    wire = talk.home()
    query = long_string("SELECT key FROM system.local") + wire.parameters()
    talk.attempt("QUERY", lambda: wire.say(QUERY, struct.pack(">H", 0) + query, PAYLOAD))


@case()
def tracing(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY)")
    talk.note("SELECT", wire.query("SELECT * FROM t", flags=TRACING))
    talk.note("INSERT", wire.query("INSERT INTO t (k) VALUES (1)", flags=TRACING))
    prepared = wire.prepare("SELECT * FROM t", flags=TRACING)
    talk.note("PREPARE", prepared.frame.opcode == 8 and None)
    talk.lines.append(f"  traced: {prepared.frame.tracing is not None}")
    talk.note("EXECUTE", wire.execute(prepared, flags=TRACING))
    talk.note("BATCH", wire.batch([("INSERT INTO t (k) VALUES (2)", [])], flags=TRACING))
    talk.note("a mistake", wire.query("SELECT nope FROM t", flags=TRACING))
    talk.note("no syntax", wire.query("SELECT", flags=TRACING))
    talk.note("USE", wire.query("USE system", flags=TRACING))
    talk.note(f"OPTIONS: flags {wire.say(OPTIONS, flags=TRACING).flags}")


def looked_at(wire, statement):
    """What a traced read says of what it has looked at; a trace may come after its answer."""
    session = uuid.UUID(bytes=wire.query(statement, flags=TRACING).tracing)
    found, deadline = None, time.monotonic() + ANSWER_SECONDS_MAX
    while not found and time.monotonic() < deadline:
        events = rows_of(wire.query(f"SELECT activity FROM system_traces.events WHERE session_id = {session}"))
        found = re.search(r"Read \d+ live rows and \d+ tombstone cells", " ".join(str(event) for event in events))
    return found and found.group()


@case(4)
def traced_tombstones(talk):
    wire = talk.home("CREATE TABLE t (k int, c int, v int, PRIMARY KEY (k, c))",
                     "INSERT INTO t (k, c, v) VALUES (1, 1, null) USING TIMESTAMP 5",
                     "INSERT INTO t (k, c, v) VALUES (1, 2, 3) USING TIMESTAMP 5",
                     "INSERT INTO t (k, c) VALUES (2, 2) USING TIMESTAMP 5",
                     "DELETE FROM t USING TIMESTAMP 6 WHERE k = 1 AND c = 3")
    for where in ("k = 1 AND c = 1", "k = 1 AND c = 2", "k = 1", "k = 2", "k = 3"):
        talk.note(f"{where}: {looked_at(wire, f'SELECT * FROM t WHERE {where}')}")


@case(4)
def traced_values(talk):
    """Of a bound value a trace keeps a thousand characters."""
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, v text, b blob)")
    prepared = wire.prepare("UPDATE t SET v = ?, b = ? WHERE k = ?")
    for text in ("it's", "é" * 998, "é" * 999, "é" * 1000, "'" * 600, "😀" * 499, "😀" * 500, "a" * 5000):
        values = [text.encode(), text.encode(), bytes([0, 0, 0, 1])]
        session = uuid.UUID(bytes=wire.execute(prepared, values=values, flags=TRACING).tracing)
        found, deadline = [], time.monotonic() + ANSWER_SECONDS_MAX
        while not found and time.monotonic() < deadline:
            found = rows_of(wire.query("SELECT parameters['bound_var_0_v'], parameters['bound_var_1_b'] "
                                       f"FROM system_traces.sessions WHERE session_id = {session}"))[1]
        for shown in (value.decode() for value in found[0]):
            talk.lines.append(f"  {len(shown)} characters: {shown[:12]} to {shown[-12:]}")


@case()
def errors(talk):
    wire = talk.home("CREATE TABLE t (k int, c int, v blob, PRIMARY KEY (k, c))", "CREATE TYPE u (a int)")
    for text in (f"CREATE KEYSPACE {talk.keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}",
                 "CREATE TABLE t (k int PRIMARY KEY)", "CREATE TYPE u (a int)", "DROP TABLE nope", "DROP TYPE nope",
                 "DROP KEYSPACE nope", "SELECT * FROM nope", "SELECT * FROM nope.t", "SELECT * FROM t WHERE v = 0x00",
                 "INSERT INTO t (k) VALUES (1)", "SELECT cast(v AS int) FROM t", "SELECT * FORM t", "FOO", ";",
                 "CREATE TABLE x (k int)", "TRUNCATE nope",
                 "CREATE KEYSPACE x WITH replication = {'class': 'Nope'}", "CREATE ROLE r", "GRANT ALL ON KEYSPACE x TO r",
                 "LIST ROLES", "DROP FUNCTION nope", "DROP AGGREGATE nope"):
        talk.note(text, wire.query(text))


@case()
def consistency(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, v int)", "CREATE TABLE n (k int PRIMARY KEY, v counter)")
    for level in (0, 1, 4, 5, 6, 7, 8, 9, 10, 11):  # TWO and THREE need more nodes than that Cassandra has
        talk.note(f"read at {level}", wire.query("SELECT * FROM t WHERE k = 1", consistency=level))
        talk.note(f"write at {level}", wire.query("INSERT INTO t (k) VALUES (2)", consistency=level))
    talk.note("a condition at ANY", wire.query("INSERT INTO t (k) VALUES (3) IF NOT EXISTS", consistency=0))
    talk.note("a condition at SERIAL", wire.query("INSERT INTO t (k) VALUES (4) IF NOT EXISTS", consistency=8))
    talk.note("a counter at ANY", wire.query("UPDATE n SET v = v + 1 WHERE k = 1", consistency=0))
    talk.note("a counter at SERIAL", wire.query("UPDATE n SET v = v + 1 WHERE k = 1", consistency=8))
    talk.note("a batch at SERIAL", wire.query("BEGIN BATCH INSERT INTO t (k) VALUES (2); APPLY BATCH", consistency=8))


@case()
def compression(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, v text)")
    small = talk.connect(compression="lz4")
    small.query(f"USE {talk.keyspace}")
    insert = small.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    text = b"sea and land " * 20_000
    talk.note("written", small.execute(insert, values=[struct.pack(">i", 1), text]))
    talk.note("small", small.query("SELECT k FROM t"))
    for name, reader in (("plain", wire), ("lz4", small)):
        _, rows = rows_of(reader.query("SELECT v FROM t"))
        talk.note(f"{name}: {rows == [[text]]}")
    talk.note("written plain", wire.execute(wire.prepare("INSERT INTO t (k, v) VALUES (?, ?)"),
                                            values=[struct.pack(">i", 2), text]))


@case()
def streams(talk):
    wire = talk.connect()
    for stream in (5, 3, 32767, 0):
        wire.send(QUERY, long_string("SELECT key FROM system.local") + wire.parameters(), stream=stream)
    talk.note("answers " + str(sorted(wire.hear().stream for _ in range(4))))


@case()
def warnings(talk):
    wire = talk.home("CREATE TABLE t (k int, c int, PRIMARY KEY (k, c))", "INSERT INTO t (k, c) VALUES (1, 1)")
    talk.note("a count of all", wire.query("SELECT count(*) FROM t"))
    prepared = wire.prepare("SELECT count(*) FROM t")
    talk.note("prepared", prepared)
    talk.note("executed", wire.execute(prepared))
    talk.note("of several", wire.query("SELECT count(*) FROM t WHERE k IN (1, 2)"))
    talk.note("of one", wire.query("SELECT count(*) FROM t WHERE k = 1"))
