"""A client of the CQL native protocol, v3 to v5 and the draft of v6, that shows frames as they are: header flags, each
field of an error, the flags of metadata, what comes before a body. native_client.py is for what statements say; this
is for how it is said. LZ4 is decompressed here, and "compressed" as literals; nothing but Python is needed."""
import itertools
import socket
import struct

import segments
from native_client import ERRORS, Reader, cell, long_string, string, type_text, value_text
from scenarios import one_line

OPCODES = {0x00: "ERROR", 0x02: "READY", 0x03: "AUTHENTICATE", 0x06: "SUPPORTED", 0x08: "RESULT", 0x0C: "EVENT",
           0x0E: "AUTH_CHALLENGE", 0x10: "AUTH_SUCCESS"}
STARTUP, OPTIONS, QUERY, PREPARE, EXECUTE, REGISTER, BATCH = 0x01, 0x05, 0x07, 0x09, 0x0A, 0x0B, 0x0D
TRACING, PAYLOAD, WARNING, BETA = 0x02, 0x04, 0x08, 0x10
CONSISTENCIES = ["ANY", "ONE", "TWO", "THREE", "QUORUM", "ALL", "LOCAL_QUORUM", "EACH_QUORUM", "SERIAL",
                 "LOCAL_SERIAL", "LOCAL_ONE", "NODE_LOCAL"]
DRAFT = 6  # of the protocol: every frame of it has the BETA flag
ANSWER_SECONDS_MAX = 3


def lz4_pack(data):
    """One sequence of literals: valid LZ4, not smaller."""
    out = bytes([min(len(data), 15) << 4])
    if len(data) >= 15:
        out += b"\xff" * ((len(data) - 15) // 255) + bytes([(len(data) - 15) % 255])
    return out + data


def lz4_unpack(data):
    out, at = bytearray(), 0

    def length(start):
        nonlocal at
        if start == 15:
            while True:
                at += 1
                start += data[at - 1]
                if data[at - 1] != 255:
                    break
        return start

    while at < len(data):
        token = data[at]
        at += 1
        count = length(token >> 4)
        out += data[at:at + count]
        at += count
        if at >= len(data):
            break
        offset = data[at] | data[at + 1] << 8
        at += 2
        for _ in range(length(token & 15) + 4):
            out.append(out[-offset])
    return bytes(out)


class Frame:
    def __init__(self, version, flags, stream, opcode, body):
        self.version, self.flags, self.stream, self.opcode = version & 0x7F, flags, stream, opcode
        self.reader = Reader(body)
        self.tracing = self.reader.take(16) if flags & TRACING else None
        count = self.reader.short if flags & WARNING else lambda: 0
        self.warnings = [self.reader.string() for _ in range(count())]
        count = self.reader.short if flags & PAYLOAD else lambda: 0
        self.payload = [(self.reader.string(), self.reader.bytes()) for _ in range(count())]
        self.start = self.reader.at

    def metadata(self):
        """Of an answer with rows, else None; the reader stays at the body's begin."""
        self.reader.at = self.start
        found = Metadata(self.reader, self.version) if self.opcode == 0x08 and self.reader.int() == 2 else None
        self.reader.at = self.start
        return found


class Metadata:
    """Of rows, or with `bound` of a prepared statement's markers."""

    def __init__(self, reader, version, bound=False):
        self.flags, count = reader.int(), reader.int()
        self.keys = None
        if bound and version >= 4:
            self.keys = [reader.short() for _ in range(reader.int())]
        self.state = reader.bytes() if self.flags & 2 else None
        self.new_id = reader.take(reader.short()) if self.flags & 8 else None
        self.count, self.columns = count, []
        table = (reader.string(), reader.string()) if self.flags & 5 == 1 else None
        for _ in range(0 if self.flags & 4 else count):
            home = table or (reader.string(), reader.string())
            self.columns.append((*home, reader.string(), reader.type()))

    def text(self):
        names = [name for bit, name in ((1, "one table"), (2, "more pages"), (4, "no metadata"), (8, "changed"))
                 if self.flags & bit]
        columns = ", ".join(f"{home[0]}.{home[1]}.{home[2]} {type_text(home[3])}" for home in self.columns)
        key = "" if self.keys is None else f" key {self.keys}"
        return f"[{', '.join(names)}] {self.count} columns{key}: {columns}"


class Wire:
    """One connection. `say` sends a request and gives the answer's Frame; a lost connection is a ConnectionError. `watch`
    (system_keyspaces.py) sees each request before it is sent."""

    def __init__(self, host, port, version=4, compression=None, watch=None):
        self.socket = socket.create_connection((host, port), timeout=ANSWER_SECONDS_MAX)
        self.version, self.compression, self.watch = version, compression, watch
        self.ready = False
        self.unpacker = segments.Unpacker(self.receive, lz4_unpack if compression else None)
        self.streams = itertools.count(1)

    def start(self, **options):
        asked = {"CQL_VERSION": "3.0.0", **options}
        if self.compression:
            asked["COMPRESSION"] = self.compression
        body = struct.pack(">H", len(asked)) + b"".join(string(k) + string(v) for k, v in asked.items())
        frame = self.say(STARTUP, body)
        self.ready = frame.opcode == 0x02
        return frame

    def say(self, opcode, body=b"", flags=0, version=None):
        self.send(opcode, body, flags, version)
        return self.hear()

    def send(self, opcode, body=b"", flags=0, version=None, stream=None):
        version = version or self.version
        if self.watch:
            self.watch.look(opcode, body)
        if self.compression == "lz4" and self.ready and self.version < 5:
            flags, body = flags | 1, struct.pack(">i", len(body)) + lz4_pack(body)
        if self.version == DRAFT:
            flags |= BETA
        stream = next(self.streams) % 100 if stream is None else stream
        frame = struct.pack(">BBhBi", version, flags, stream, opcode, len(body)) + body
        packed = self.ready and self.version >= 5
        self.socket.sendall(segments.pack(frame, self.compression) if packed else frame)

    def receive(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("connection closed")
            data += piece
        return data

    def take(self, count):
        if not (self.ready and self.version >= 5):
            return self.receive(count)
        return self.unpacker.take(count)

    def hear(self):
        version, flags, stream, opcode, length = struct.unpack(">BBhBi", self.take(9))
        body = self.take(length)
        if flags & 1 and self.version < 5:
            body = lz4_unpack(body[4:])
        return Frame(version, flags, stream, opcode, body)

    # --- requests

    def parameters(self, consistency=1, values=None, names=None, skip=False, page=None, state=None, serial=None,
                   timestamp=None, keyspace=None, now=None, more_flags=0):
        flags = more_flags | (values is not None) | 2 * skip | 4 * (page is not None) | 8 * (state is not None)
        flags |= 0x10 * (serial is not None) | 0x20 * (timestamp is not None) | 0x40 * (names is not None)
        flags |= 0x80 * (keyspace is not None) | 0x100 * (now is not None)
        out = struct.pack(">HI" if self.version >= 5 else ">HB", consistency, flags)
        if values is not None:
            heads = [string(name) for name in names] if names is not None else [b""] * len(values)
            out += struct.pack(">H", len(values)) + b"".join(h + cell(v) for h, v in zip(heads, values))
        out += struct.pack(">i", page) if page is not None else b""
        out += cell(state) if state is not None else b""
        out += struct.pack(">H", serial) if serial is not None else b""
        out += struct.pack(">q", timestamp) if timestamp is not None else b""
        out += string(keyspace) if keyspace is not None else b""
        out += struct.pack(">i", now) if now is not None else b""
        return out

    def query(self, text, flags=0, **parameters):
        return self.say(QUERY, long_string(text) + self.parameters(**parameters), flags)

    def prepare(self, text, keyspace=None, flags=0):
        body = long_string(text)
        if self.version >= 5:
            body += struct.pack(">I", keyspace is not None) + (string(keyspace) if keyspace is not None else b"")
        return Prepared(self.say(PREPARE, body, flags))

    def execute(self, prepared, metadata_id=None, flags=0, **parameters):
        body = short_bytes(prepared.id)
        if self.version >= 5:
            body += short_bytes(prepared.metadata_id if metadata_id is None else metadata_id)
        return self.say(EXECUTE, body + self.parameters(**parameters), flags)

    def batch(self, statements, kind=0, consistency=1, serial=None, timestamp=None, keyspace=None, now=None,
              more_flags=0, flags=0):
        """`statements`: pairs of a text or a Prepared, and its values."""
        parts = [struct.pack(">BH", kind, len(statements))]
        for statement, values in statements:
            text = isinstance(statement, str)
            parts += [struct.pack(">B", not text), long_string(statement) if text else short_bytes(statement.id),
                      struct.pack(">H", len(values)), *map(cell, values)]
        parts.append(self.parameters(consistency, serial=serial, timestamp=timestamp, keyspace=keyspace, now=now,
                                     more_flags=more_flags))
        return self.say(BATCH, b"".join(parts), flags)


class Prepared:
    """What PREPARE gave; with `error` the Frame if that was none."""

    def __init__(self, frame):
        self.frame, self.error, self.metadata_id = frame, None, b""
        at = frame.reader.at
        if frame.opcode != 0x08 or frame.reader.int() != 4:
            frame.reader.at, self.error = at, frame
            return
        self.id = frame.reader.take(frame.reader.short())
        if frame.version >= 5:
            self.metadata_id = frame.reader.take(frame.reader.short())
        self.markers = Metadata(frame.reader, frame.version, bound=True)
        self.results = Metadata(frame.reader, frame.version)

    def lines(self):
        if self.error:
            return lines(self.error)
        return ["  prepared, markers " + self.markers.text(), "    results " + self.results.text()]


def short_bytes(data):
    return struct.pack(">H", len(data)) + data


def lines(frame):
    """The answer as text: all of it but ids and page states, which are other ones each time."""
    flags = [name for bit, name in ((TRACING, "tracing"), (WARNING, "warning"), (PAYLOAD, "payload"), (BETA, "beta"))
             if frame.flags & bit]
    out = [f"  v{frame.version} {OPCODES[frame.opcode]}" + (f" flags {', '.join(flags)}" if flags else "")]
    out += ["    warning: " + text for text in frame.warnings]
    out += [f"    payload: {key} {value}" for key, value in frame.payload]
    if frame.opcode == 0x00:
        out += error_lines(frame.reader, frame.version)
    elif frame.opcode == 0x06:
        out += sorted(f"    {frame.reader.string()}: {string_list(frame.reader)}" for _ in range(frame.reader.short()))
    elif frame.opcode == 0x08:
        out += result_lines(frame.reader, frame.version)
    elif frame.opcode == 0x0C:
        out += event_lines(frame.reader)
    if frame.reader.rest():
        out.append(f"    {len(frame.reader.rest())} bytes left over")
    return out


def string_list(reader):
    return [reader.string() for _ in range(reader.short())]


def error_lines(reader, version):
    code = reader.int()
    message = reader.take(reader.short()).decode(errors="backslashreplace")
    out = [f"    {ERRORS.get(code, hex(code))}: {one_line(message)}"]
    if code in (0x1000, 0x1100, 0x1200, 0x1300, 0x1500):
        out.append(f"    at {CONSISTENCIES[reader.short()]}, {reader.int()} and {reader.int()}")
        if code in (0x1300, 0x1500):
            out.append(f"    {reader.int()} failures")
        if code in (0x1200, 0x1300):
            out.append(f"    data present: {reader.take(1)[0]}")
        if code in (0x1100, 0x1500):
            out.append(f"    write type {reader.string()}")
    elif code == 0x1400:
        out.append(f"    function {reader.string()}.{reader.string()}{string_list(reader)}")
    elif code == 0x2400:
        out.append(f"    keyspace {reader.string()!r} table {reader.string()!r}")
    elif code == 0x2500:
        out.append(f"    id 0x{reader.take(reader.short()).hex()}")
    return out


def result_lines(reader, version):
    kind = reader.int()
    if kind == 1:
        return ["    void"]
    if kind == 3:
        return [f"    keyspace {reader.string()!r}"]
    if kind == 5:
        return event_lines(reader, "change")
    if kind != 2:
        return [f"    kind {kind}"]
    metadata = Metadata(reader, version)
    rows = [[reader.bytes() for _ in range(metadata.count)] for _ in range(reader.int())]
    out = ["    rows " + metadata.text()]
    types = [column[3] for column in metadata.columns] or [("blob",)] * metadata.count
    out += ["      " + " | ".join(value_text(kind, data) for kind, data in zip(types, row)) for row in rows]
    return out


def event_lines(reader, kind=None):
    kind = kind or reader.string()
    if kind in ("change", "SCHEMA_CHANGE"):
        change, target = reader.string(), reader.string()
        names = [reader.string() for _ in range(1 if target == "KEYSPACE" else 2)]
        extra = f"({', '.join(string_list(reader))})" if target in ("FUNCTION", "AGGREGATE") else ""
        return [f"    {kind} {change} {target} {'.'.join(names)}{extra}"]
    return [f"    {kind} {reader.string()}"]


def rows_of(frame):
    """(metadata, rows as lists of bytes) of an answer with rows."""
    reader = frame.reader
    reader.int()
    metadata = Metadata(reader, frame.version)
    return metadata, [[reader.bytes() for _ in range(metadata.count)] for _ in range(reader.int())]
