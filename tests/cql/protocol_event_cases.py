"""Conversations about changes of the schema that clients are told of."""
import struct

from native_client import string
from protocol_cases import case
from wire import REGISTER, lines


def event_of(ear, keyspace):
    """The next one about the keyspace: others may change theirs at the same time."""
    while True:
        frame = ear.hear()
        if any(keyspace in line for line in lines(frame)):
            frame.reader.at = frame.start
            return frame


@case()
def schema_events(talk):
    wire, ear = talk.home(), talk.connect()
    ear.say(REGISTER, struct.pack(">H", 1) + string("SCHEMA_CHANGE"))
    name = talk.keyspace + "_2"
    map_of = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    for text in (f"CREATE KEYSPACE {name} WITH replication = {map_of}", f"CREATE KEYSPACE IF NOT EXISTS {name} WITH replication = {map_of}",
                 f"ALTER KEYSPACE {name} WITH durable_writes = false", f"CREATE TYPE {name}.u (a int)",
                 f"ALTER TYPE {name}.u ADD b int", f"CREATE TABLE {name}.t (k int PRIMARY KEY, v frozen<u>)",
                 f"CREATE TABLE IF NOT EXISTS {name}.t (k int PRIMARY KEY)", f"ALTER TABLE {name}.t ADD w int",
                 f"ALTER TABLE {name}.t WITH comment = 'x'", f"ALTER TYPE {name}.u RENAME a TO c", f"TRUNCATE {name}.t",
                 f"DROP TABLE {name}.t", f"DROP TABLE IF EXISTS {name}.t", f"DROP TYPE {name}.u", f"DROP KEYSPACE {name}",
                 f"DROP KEYSPACE IF EXISTS {name}"):
        answer = wire.query(text)
        talk.note(text, None if text.startswith("CREATE KEYSPACE wire") else answer)  # how many replicas is our own affair
        answer.reader.at = answer.start
        changed = answer.opcode == 8 and answer.reader.int() == 5
        if changed:
            talk.note("event", lambda: event_of(ear, name))


@case()
def type_events(talk):
    wire, ear = talk.home(), talk.connect()
    ear.say(REGISTER, struct.pack(">H", 1) + string("SCHEMA_CHANGE"))
    name = talk.keyspace
    for text, events in (("CREATE TYPE z (c text, a int)", 1), ("CREATE TYPE x (d text)", 1), ("CREATE TYPE both (z frozen<z>, x frozen<x>)", 1),
                         ("CREATE TYPE b (a int)", 1), ("CREATE TABLE t (k int PRIMARY KEY, v frozen<both>)", 1),
                         ("ALTER TYPE x ADD e int", 3), ("ALTER TYPE b RENAME a TO c", 1), ("ALTER TABLE t ADD w frozen<b>", 1),
                         ("DROP TABLE t", 1), ("DROP TYPE both", 1), ("DROP TYPE z", 1)):
        talk.note(text, wire.query(text))
        for _ in range(events):
            talk.note("event", lambda: event_of(ear, name))
