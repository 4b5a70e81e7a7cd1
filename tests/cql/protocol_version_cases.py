"""Conversations about versions of the protocol: those that are not spoken any more, and the draft of the next."""
import struct

from native_client import UNSET
from protocol_cases import case, startup_body
from wire import OPTIONS, STARTUP, TRACING, Frame


@case(4)
def other_versions(talk):
    for version in (1, 2):
        talk.attempt(f"version byte {version}", lambda v=version: in_an_old_version(talk.open(), v))
    for version in (6, 0x41):
        talk.attempt(f"version byte {version}",
                     lambda v=version: talk.open().say(STARTUP, startup_body(CQL_VERSION="3.0.0"), version=v))
    wire = talk.connect()
    talk.attempt("v3 on a v4 connection", lambda: wire.say(OPTIONS, version=3))


def in_an_old_version(wire, version):
    """Before v3, a stream was one byte."""
    wire.socket.sendall(struct.pack(">BBbBi", version, 0, 1, OPTIONS, 0))
    version, flags, stream, opcode, length = struct.unpack(">BBbBi", wire.receive(8))
    return Frame(version, flags, stream, opcode, wire.receive(length))


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
