"""Conversations about what is large: requests and pages. As protocol_cases.py, of which it is a part."""
import struct

from protocol_cases import case
from wire import rows_of

MIB = 1 << 20
REQUEST_BYTES_MAX = 16 * MIB
LONG_ANSWER_SECONDS_MAX = 30


def sizes(wire, text, page):
    """How many rows each page has, to the last one with any."""
    counts, state = [], None
    while True:
        metadata, rows = rows_of(wire.query(text, page=page, state=state))
        counts.append(len(rows))
        state = metadata.state
        if not state:
            return counts if counts[-1] else counts[:-1]


@case()
def too_long(talk):
    wire = talk.connect()
    talk.note("a request", wire.query("SELECT key FROM system.local -- " + "x" * REQUEST_BYTES_MAX + "\n"))
    talk.note("the next one", wire.query("SELECT key FROM system.local"))


@case(4)
def pages_of_long_rows(talk):
    """A page has as many rows as were asked for, however long they are."""
    wire = talk.home("CREATE TABLE t (k int, c int, v text, s text static, PRIMARY KEY (k, c))",
                     "INSERT INTO t (k, s) VALUES (1, 'static')")
    for c in range(30):
        wire.query(f"INSERT INTO t (k, c, v) VALUES (1, {c}, '{chr(97 + c % 26) * 200_000}')")
    wire.query("DELETE FROM t WHERE k = 1 AND c > 3 AND c < 7")
    for page in (1, 7, 20, 27, 100):
        for text in ("SELECT * FROM t", "SELECT v FROM t WHERE k = 1 ORDER BY c DESC", "SELECT v FROM t LIMIT 25",
                     "SELECT c, v FROM t WHERE c >= 10 ALLOW FILTERING", "SELECT DISTINCT k, s FROM t"):
            talk.note(f"{text}, {page} at a time: {sizes(wire, text, page)}")


@case(4, 5)
def long_values(talk):
    """Written and read whole, up to what a request may have."""
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, v blob)")
    wire.socket.settimeout(LONG_ANSWER_SECONDS_MAX)
    insert = wire.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    select = wire.prepare("SELECT v FROM t WHERE k = ?")
    for size in (1 * MIB, 5 * MIB, 15 * MIB, REQUEST_BYTES_MAX - 200):
        key = struct.pack(">i", size)
        value = bytes([size % 251]) * size
        talk.note(f"{size} bytes", wire.execute(insert, values=[key, value]))
        read = rows_of(wire.execute(select, values=[key]))[1]
        talk.note(f"read: {read == [[value]]}")
    key = struct.pack(">i", 0)
    talk.note("a byte too long", wire.execute(insert, values=[key, b"x" * REQUEST_BYTES_MAX]))
    talk.note("what is there", wire.query("SELECT k FROM t"))


@case(4)
def batch_of_one_text(talk):
    """As many statements as a batch can have, each the same text."""
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, v int)")
    wire.socket.settimeout(LONG_ANSWER_SECONDS_MAX)
    text = f"INSERT INTO {talk.keyspace}.t (k, v) VALUES (1, 2)"
    talk.note("the batch", wire.batch([(text, [])] * 0xffff, kind=1))
    talk.note("what is there", wire.query("SELECT * FROM t"))
