"""Conversations about requests that are nearly right: lengths, levels, kinds and page states. As protocol_cases.py, of
which it is a part."""
import struct

from native_client import long_string, string
from protocol_cases import case
from wire import BATCH, PREPARE, QUERY, REGISTER, rows_of

ONE = struct.pack(">i", 1)


@case()
def names_of_events(talk):
    for title, names in (("traces", ["TRACE_COMPLETE"]), ("traces, lower case", ["trace_complete"]),
                         ("one of two", ["SCHEMA_CHANGE", "X"]), ("twice", ["STATUS_CHANGE", "STATUS_CHANGE"]),
                         ("no name", [""]), ("a space before", [" SCHEMA_CHANGE"])):
        body = struct.pack(">H", len(names)) + b"".join(map(string, names))
        talk.attempt(title, lambda b=body: talk.connect().say(REGISTER, b))
    talk.attempt("fewer than counted", lambda: talk.connect().say(REGISTER, struct.pack(">H", 2) + string("SCHEMA_CHANGE")))


@case()
def odd_headers(talk):
    """Streams below zero, and the flag of compression where none was agreed on."""
    text = "SELECT key FROM system.local"
    for stream in (-1, -5, -32768):
        wire = talk.connect()
        wire.send(QUERY, long_string(text) + wire.parameters(), stream=stream)
        answer = wire.hear()
        talk.note(f"stream {answer.stream}", answer)
    talk.note("said to be compressed", talk.connect().query(text, flags=1))


@case(4)
def schema_changes_of_no_keyspace(talk):
    """That one is missing is said when a statement is prepared."""
    wire = talk.connect()
    for text in ("CREATE TABLE t (k int PRIMARY KEY)", "CREATE TABLE t (k int) WITH gc_grace_seconds = 'a'", "ALTER TABLE t ADD v int",
                 "ALTER TABLE t ALTER v MASKED WITH DEFAULT", "DROP TABLE IF EXISTS t", "CREATE TYPE t (a int)", "ALTER TYPE t ADD a int",
                 "DROP TYPE t", "CREATE INDEX ON t (a)", "DROP INDEX a", "DROP MATERIALIZED VIEW a", "DROP FUNCTION a", "DROP TRIGGER a ON b"):
        talk.note(f"prepared: {text}", wire.prepare(text))
        talk.note("said", wire.query(text))


@case()
def levels_that_are_none(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY)")
    plain, conditional = wire.prepare("INSERT INTO t (k) VALUES (?)"), wire.prepare("INSERT INTO t (k) VALUES (?) IF NOT EXISTS")
    for level in (12, 77, 0xFFFF):
        talk.note(f"EXECUTE at {level}", wire.execute(plain, values=[ONE], consistency=level))
        talk.note(f"BATCH at {level}", wire.batch([(plain, [ONE])], consistency=level))
    for level in (0, 1, 6, 8, 9, 11, 77):
        talk.note(f"serial {level}", wire.execute(plain, values=[ONE], serial=level))
        talk.note(f"serial {level}, a condition", wire.execute(conditional, values=[ONE], serial=level))
        talk.note(f"serial {level}, a batch", wire.batch([(conditional, [ONE])], serial=level))


@case()
def lengths(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, v int)")
    text, end = long_string("SELECT k FROM t")[4:], wire.parameters()
    for length in (-1, -2, 2**31 - 1):
        talk.note(f"a text of {length}", wire.say(QUERY, struct.pack(">i", length) + text + end))
        talk.note(f"prepared, of {length}", wire.say(PREPARE, struct.pack(">i", length) + text))
        talk.note(f"in a batch, of {length}", wire.say(BATCH, b"\0\0\1\0" + struct.pack(">i", length) + text + b"\0\0" + end))
    insert = long_string("INSERT INTO t (k, v) VALUES (?, ?)") + struct.pack(">HI" if talk.version >= 5 else ">HB", 1, 1)
    for length in (-1, -2, -3, -100):
        value = struct.pack(">Hi", 2, 4) + ONE + struct.pack(">i", length)
        talk.note(f"a value of {length}", wire.say(QUERY, insert + value))
    talk.note("what is there", wire.query("SELECT * FROM t"))


@case()
def kinds_in_batches(talk):
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY)")
    insert, end = long_string("INSERT INTO t (k) VALUES (5)"), wire.parameters()
    for kind in (3, 127, 128, 255):
        talk.note(f"type {kind}", wire.say(BATCH, bytes([kind]) + b"\0\1\0" + insert + b"\0\0" + end))
    for kind in (2, 255):
        talk.note(f"statement kind {kind}", wire.say(BATCH, b"\0\0\1" + bytes([kind]) + insert + b"\0\0" + end))
    talk.note("one of two", wire.say(BATCH, b"\0\0\2\0" + insert + b"\0\0" + end))
    for flag in (2, 0x40):
        talk.note(f"flag {flag}", wire.batch([("INSERT INTO t (k) VALUES (6)", [])], more_flags=flag))
    talk.note("an id of no bytes", wire.say(BATCH, b"\0\0\1\1\0\0\0\0" + end))
    if talk.version >= 5:
        for flags in (2, 4, 0x80000000):
            answer = wire.say(PREPARE, long_string("SELECT k FROM t") + struct.pack(">I", flags))
            talk.note(f"PREPARE with flags {flags}: opcode {answer.opcode}")
    talk.note("what is there", wire.query("SELECT * FROM t"))


@case()
def page_states_elsewhere(talk):
    """A page state counts where there are pages: without, and where LIMIT fits one, rows come from the begin."""
    wire = talk.home("CREATE TABLE t (k int, c int, v int, PRIMARY KEY (k, c))")
    for c in range(5):
        wire.query(f"INSERT INTO t (k, c, v) VALUES (1, {c}, {c})")
    rows, limited = "SELECT c FROM t WHERE k = 1", "SELECT c FROM t WHERE k = 1 LIMIT 4"
    state = rows_of(wire.query(rows, page=2))[0].state
    for title, text, page in (("the same", rows, 2), ("larger pages", rows, 100), ("no pages", rows, None), ("pages of -1", rows, -1),
                              ("a limit", limited, 2), ("a limit that fits a page", limited, 4), ("another key", rows[:-1] + "2", 2),
                              ("other columns", "SELECT v FROM t WHERE k = 1", 2), ("counted", "SELECT count(*) FROM t WHERE k = 1", 2),
                              ("counted, no pages", "SELECT count(*) FROM t WHERE k = 1", None), ("an insert", "INSERT INTO t (k, c) VALUES (9, 9)", 2),
                              ("a condition", "INSERT INTO t (k, c) VALUES (9, 9) IF NOT EXISTS", 2)):
        talk.attempt(title, lambda t=text, p=page: wire.query(t, page=p, state=state))
    for title, bad in (("cut short", state[:-1]), ("longer", state + b"\0"), ("zeros", bytes(len(state))), ("one byte", b"\0")):
        for page in (2, None):
            talk.attempt(f"{title}, pages of {page}", lambda b=bad, p=page: wire.query(rows, page=p, state=b))
        talk.attempt(f"{title}, an insert", lambda b=bad: wire.query("INSERT INTO t (k, c) VALUES (9, 9)", state=b))
