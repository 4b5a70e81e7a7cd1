"""Conversations about versions of the protocol: those that are not spoken any more, and the draft of the next."""
import struct
import time

from native_client import UNSET, long_string
from protocol_cases import case, startup_body
from wire import OPTIONS, QUERY, STARTUP, TRACING, Frame, Prepared, lines


def on_stream(frame):
    """The frame, shown with the stream it came on."""
    frame.lines = lambda: [f"  on stream {frame.stream}", *lines(frame)]
    return frame


def ask_twice(talk, wire, title, ask, after=OPTIONS, body=b""):
    """What may end the connection, and whether it did."""
    talk.attempt(title, lambda: on_stream(ask()))
    talk.attempt("then", lambda: on_stream(wire.say(after, body)))


@case(4)
def other_versions(talk):
    startup = startup_body(CQL_VERSION="3.0.0")
    for version in (1, 2):
        wire = talk.open()
        ask_twice(talk, wire, f"version byte {version}", lambda v=version: in_an_old_version(wire, v))
    for version in (6, 0x41):
        talk.attempt(f"version byte {version}", lambda v=version: talk.open().say(STARTUP, startup, version=v))
    for ready in (False, True):
        for version in (7, 8, 0x42, 0x7F, 0xC2):
            wire = talk.connect() if ready else talk.open()
            ask_twice(talk, wire, f"version byte {version}" + (", when ready" if ready else ""),
                      lambda v=version: wire.say(OPTIONS, version=v), STARTUP, startup)
    wire = talk.open()
    talk.attempt("a first byte", lambda: on_stream(part_of_a_frame(wire, b"\x42")))
    ask_twice(talk, wire, "what follows is no frame", lambda: part_of_a_frame(wire, b"\x00\x00\x09\x05\x00\x00\x00\x00"))
    wire = talk.connect()
    ask_twice(talk, wire, "v3 on a v4 connection", lambda: wire.say(OPTIONS, version=3))
    ask_twice(talk, wire, "with a body", lambda: wire.say(QUERY, long_string("SELECT key FROM system.local"), version=3))


def part_of_a_frame(wire, data):
    wire.socket.sendall(data)
    return wire.hear()


def in_an_old_version(wire, version):
    """Before v3, a stream was one byte."""
    wire.socket.sendall(struct.pack(">BBbBi", version, 0, 1, OPTIONS, 0))
    version, flags, stream, opcode, length = struct.unpack(">BBbBi", wire.receive(8))
    return Frame(version, flags, stream, opcode, wire.receive(length))


@case(5)
def other_versions_in_segments(talk):
    wire = talk.connect()
    for version in (7, 0x42, 0x7F, 4, 3):
        ask_twice(talk, wire, f"version byte {version}", lambda v=version: wire.say(OPTIONS, version=v))
    ask_twice(talk, wire, "no such opcode", lambda: wire.say(0x77))


@case(6)
def draft(talk):
    talk.note("OPTIONS", talk.open().say(OPTIONS))
    talk.attempt("snappy", lambda: talk.open().say(STARTUP, startup_body(CQL_VERSION="3.0.0", COMPRESSION="snappy")))
    wire = talk.home("CREATE TABLE t (k int PRIMARY KEY, v text)")
    inserted = wire.prepare("INSERT INTO t (k, v) VALUES (?, ?)", keyspace=talk.keyspace)
    talk.note("INSERT, prepared", inserted)
    talk.note("executed", wire.execute(inserted, values=[struct.pack(">i", 1), b"one"]))
    talk.note("and read", wire.query("SELECT * FROM t", keyspace=talk.keyspace, page=10, now=1))
    talk.note("in a batch", wire.batch([("INSERT INTO t (k) VALUES (2)", []), (inserted, [struct.pack(">i", 3), UNSET])]))
    talk.note("traced", wire.query("SELECT k FROM t", flags=TRACING))
    talk.note("refused", wire.query("SELECT nothing FROM t"))
    talk.note("compressed", talk.connect(compression="lz4").query(f"SELECT * FROM {talk.keyspace}.t"))
    talk.attempt("a frame without its flag", lambda: without_its_flag(talk))


def without_its_flag(talk):
    wire = talk.open()
    wire.socket.sendall(struct.pack(">BBhBi", 6, 0, 1, OPTIONS, 0))
    return wire.hear()


@case(4, 5)
def warned_when_prepared(talk):
    """Once a connection, of what says no keyspace and is not known from another time."""
    talk.home("CREATE TABLE t (k int PRIMARY KEY, v int)")
    asked = (("qualified", "SELECT * FROM {}.t"), ("not", "SELECT * FROM t"), ("again", "SELECT v FROM t"))
    first = inside(talk)
    for title, text in asked:
        talk.note(title, Warned(first.prepare(text.format(talk.keyspace))))
    second = inside(talk)
    for title, text in (*asked, ("new", "SELECT k FROM t"), ("newer", "SELECT v, k FROM t")):
        talk.note("elsewhere, " + title, Warned(second.prepare(text.format(talk.keyspace))))
    texts = ("CREATE TABLE {}.made (k int PRIMARY KEY)", "DROP TABLE IF EXISTS {}.made", "DESCRIBE TABLE {}.t",
             "USE {}", "TRUNCATE {}.t", "DELETE FROM {}.t WHERE k = 1",
             "BEGIN BATCH INSERT INTO {0}.t (k) VALUES (1); DELETE FROM {0}.t WHERE k = 1; APPLY BATCH")
    for text in texts:
        # a server that was asked before knows the others, even of what is gone
        asked = text.format(talk.keyspace) + f" /* {time.time_ns()} */"
        talk.note(text, Warned(inside(talk).prepare(asked)))
        talk.note("in no keyspace", Warned(talk.connect().prepare(asked)))
        talk.note("in one again", Warned(inside(talk).prepare(asked)))
        talk.note("in none again", Warned(talk.connect().prepare(asked)))
    # these are of no keyspace, wherever they were prepared and whatever they name
    others = ("CREATE TABLE IF NOT EXISTS t (k int PRIMARY KEY)", "ALTER TABLE {}.t WITH comment = 'x'",
              "DROP TYPE IF EXISTS {}.u", "DESCRIBE TABLE {}.t", "USE {}", "USE system", "TRUNCATE t", "TRUNCATE {}.t")
    for text in others:
        asked = text.format(talk.keyspace) + f" /* {time.time_ns()} */"
        prepared = inside(talk).prepare(asked)
        twice = inside(talk)
        for title in ("executed", "executed again"):
            talk.note(f"{text}, {title}", Warned(twice.execute(prepared)))
        twice = inside(talk)
        talk.note("prepared and executed", Warned(twice.execute(twice.prepare(asked))))
        named = text.replace(" t", " {}.t").format(talk.keyspace)
        in_none = talk.connect().prepare(f"{named} /* {time.time_ns()} */")
        talk.note("prepared in no keyspace", Warned(inside(talk).execute(in_none)))
        talk.note("and executed in none", Warned(talk.connect().execute(in_none)))
    written = inside(talk)
    prepared = written.prepare("INSERT INTO t (k) VALUES (1)")
    written.query("USE system")
    talk.note("warned before, executed elsewhere", written.execute(prepared))


@case(5)
def warned_by_the_keyspace_named(talk):
    talk.home("CREATE TABLE t (k int PRIMARY KEY, v int)")
    wire = talk.connect()
    for text in ("SELECT * FROM t", "SELECT * FROM t", "SELECT v FROM t", "SELECT k FROM t"):
        talk.note(text, Warned(wire.prepare(text, keyspace=talk.keyspace)))
    wire.query(f"USE {talk.keyspace}")
    talk.note("none named", Warned(wire.prepare("SELECT k, v FROM t")))
    talk.note("named again", Warned(wire.prepare("SELECT v, k FROM t", keyspace=talk.keyspace)))


def inside(talk):
    wire = talk.connect()
    wire.query(f"USE {talk.keyspace}")
    return wire


class Warned:
    """An answer's warnings, the keyspaces of which are told and the id not; of PREPARE, what else it gave, too."""

    def __init__(self, answer):
        self.answer = answer

    def lines(self):
        prepared = isinstance(self.answer, Prepared)
        frame = self.answer.frame if prepared else self.answer
        told = [warning.split("Keyspace used: ")[-1].split(", statement id")[0] for warning in frame.warnings]
        return (self.answer.lines() if prepared else []) + ["    warned: " + text for text in told]
