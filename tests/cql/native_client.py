"""A small client of the CQL native protocol v3 to v5 that shows every answer as text, exactly as it came.

It decodes by the types that the server names, tells null from empty, and hides nothing: what drivers repair or
reinterpret would be lost to a comparison."""
import ipaddress
import re
import socket
import struct
import uuid
from decimal import Decimal

import segments

SIMPLE = {0x01: "ascii", 0x02: "bigint", 0x03: "blob", 0x04: "boolean", 0x05: "counter", 0x06: "decimal",
          0x07: "double", 0x08: "float", 0x09: "int", 0x0B: "timestamp", 0x0C: "uuid", 0x0D: "varchar",
          0x0E: "varint", 0x0F: "timeuuid", 0x10: "inet", 0x11: "date", 0x12: "time", 0x13: "smallint",
          0x14: "tinyint", 0x15: "duration"}
ERRORS = {0x0000: "ServerError", 0x000A: "ProtocolError", 0x1000: "Unavailable", 0x1001: "Overloaded",
          0x1003: "TruncateError", 0x1100: "WriteTimeout", 0x1200: "ReadTimeout", 0x1300: "ReadFailure",
          0x1400: "FunctionFailure", 0x1500: "WriteFailure", 0x2000: "SyntaxError", 0x2100: "Unauthorized",
          0x2200: "Invalid", 0x2300: "ConfigError", 0x2400: "AlreadyExists", 0x2500: "Unprepared"}
# What older protocols have no id for goes by its class.
CLASSES = {"SimpleDateType": "date", "TimeType": "time", "ShortType": "smallint", "ByteType": "tinyint"}
UNSET = object()
TRACING, PAYLOAD, WARNINGS = 2, 4, 8  # flags of a frame
PAYLOAD_SENT = b"\0\1\0\1p\0\0\0\1x"  # one name with one byte
BATCH = re.compile(r"BEGIN (UNLOGGED |COUNTER |)BATCH (?!USING)(.*); APPLY BATCH", re.DOTALL)
BATCH_KINDS = {"": 0, "UNLOGGED ": 1, "COUNTER ": 2}


class ServerError(Exception):
    pass


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError("short value")
        self.at += count
        return self.data[self.at - count:self.at]

    def unpack(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def int(self):
        return self.unpack(">i")

    def short(self):
        return self.unpack(">H")

    def string(self):
        return self.take(self.short()).decode()

    def bytes(self):
        length = self.int()
        return None if length < 0 else self.take(length)

    def rest(self):
        return self.data[self.at:]

    def type(self):
        code = self.short()
        if code == 0x00:
            return ("custom", self.string())
        if code in (0x20, 0x22):
            return ("list" if code == 0x20 else "set", self.type())
        if code == 0x21:
            return ("map", self.type(), self.type())
        if code == 0x30:
            self.string()
            name = self.string()
            return ("udt", name, [(self.string(), self.type()) for _ in range(self.short())])
        if code == 0x31:
            return ("tuple", [self.type() for _ in range(self.short())])
        return (SIMPLE[code],)

    def vint(self):
        first = self.take(1)[0]
        extra = 8 - (first ^ 0xFF).bit_length()
        value = first & (0xFF >> extra) if extra < 8 else 0
        return int.from_bytes(bytes([value]) + self.take(extra), "big")


def type_text(kind):
    name = kind[0]
    if name in ("list", "set"):
        return f"{name}<{type_text(kind[1])}>"
    if name == "map":
        return f"map<{type_text(kind[1])}, {type_text(kind[2])}>"
    if name == "tuple":
        return "tuple<" + ", ".join(map(type_text, kind[1])) + ">"
    if name == "udt":
        return kind[1] + "(" + ", ".join(f"{n} {type_text(t)}" for n, t in kind[2]) + ")"
    return f"'{kind[1]}'" if name == "custom" else name


def value_text(kind, data):
    if data is None:
        return "null"
    try:
        return decoded_text(kind, data)
    except (ValueError, struct.error, UnicodeDecodeError):
        return "bytes 0x" + data.hex()


def sequence(kinds, reader):
    return [value_text(kind, reader.bytes()) for kind in kinds]


NUMBERS = {"tinyint": ">b", "smallint": ">h", "int": ">i", "bigint": ">q", "counter": ">q", "timestamp": ">q",
           "time": ">q", "float": ">f", "double": ">d"}


def decoded_text(kind, data):
    name, reader = kind[0], Reader(data)
    if data == b"" and name not in ("ascii", "varchar", "blob", "custom"):
        return "empty"
    if name in ("ascii", "varchar"):
        return repr(data.decode())
    if name in NUMBERS:
        if len(data) != struct.calcsize(NUMBERS[name]):
            raise ValueError
        return repr(reader.unpack(NUMBERS[name]))
    if name == "boolean":
        return "true" if data[0] else "false"
    if name == "date":
        return "day " + str(reader.unpack(">I") - 2**31)
    if name in ("uuid", "timeuuid"):
        return str(uuid.UUID(bytes=data))
    if name == "inet":
        return str(ipaddress.ip_address(data))
    if name == "varint":
        return str(int.from_bytes(data, "big", signed=True))
    if name == "decimal":
        scale = reader.int()
        return f"{int.from_bytes(reader.rest(), 'big', signed=True)}e{-scale}"
    if name == "duration":
        return "duration " + " ".join(str(-(v >> 1) - 1 if v & 1 else v >> 1)
                                      for v in (reader.vint() for _ in range(3)))
    if name in ("list", "set"):
        inside = sequence([kind[1]] * reader.int(), reader)
        return ("[%s]" if name == "list" else "{%s}") % ", ".join(inside)
    if name == "map":
        count = reader.int()
        pairs = [sequence(kind[1:3], reader) for _ in range(count)]
        return "{" + ", ".join(": ".join(pair) for pair in pairs) + "}"
    if name in ("tuple", "udt"):
        fields = kind[1] if name == "tuple" else [field for _, field in kind[2]]
        parts = []
        for field in fields:
            parts.append(value_text(field, reader.bytes()) if reader.rest() else "absent")
        if name == "udt":
            parts = [f"{n}: {text}" for (n, _), text in zip(kind[2], parts)]
        return ("(%s)" if name == "tuple" else "{%s}") % ", ".join(parts)
    return "0x" + data.hex()


def encode(kind, value):
    """Wire bytes of a Python value; bytes are taken as they are."""
    if value is None or value is UNSET or isinstance(value, bytes):
        return value
    name = kind[0]
    if name == "custom":
        name = CLASSES.get(kind[1].rpartition(".")[2], name)
    if name in ("ascii", "varchar"):
        return value.encode()
    if name in NUMBERS:
        return struct.pack(NUMBERS[name], value)
    if name == "boolean":
        return b"\1" if value else b"\0"
    if name == "date":
        return struct.pack(">I", value + 2**31)
    if name in ("uuid", "timeuuid"):
        return uuid.UUID(value).bytes
    if name == "inet":
        return ipaddress.ip_address(value).packed
    if name == "varint":
        return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
    if name == "decimal":
        sign, digits, exponent = Decimal(value).as_tuple()
        unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
        return struct.pack(">i", -exponent) + encode(("varint",), unscaled)
    if name in ("list", "set"):
        return struct.pack(">i", len(value)) + b"".join(cell(encode(kind[1], v)) for v in value)
    if name == "map":
        return struct.pack(">i", len(value)) + b"".join(
            cell(encode(kind[1], k)) + cell(encode(kind[2], v)) for k, v in value.items())
    if name in ("tuple", "udt"):
        fields = kind[1] if name == "tuple" else [field for _, field in kind[2]]
        return b"".join(cell(encode(field, v)) for field, v in zip(fields, value))
    raise ValueError(f"no encoding of {value!r} as {type_text(kind)}")


def cell(data):
    if data is None:
        return struct.pack(">i", -1)
    return struct.pack(">i", -2) if data is UNSET else struct.pack(">i", len(data)) + data


def long_string(text):
    return struct.pack(">i", len(text.encode())) + text.encode()


class Rows:
    """`known`: the columns, should the server leave them out."""

    def __init__(self, reader, known=()):
        self.columns, self.page_state = columns_of(reader, known)
        count = reader.int()
        self.rows = [[reader.bytes() for _ in self.columns] for _ in range(count)]

    def lines(self, show_values=True):
        yield "  " + " | ".join(f"{name} {type_text(kind)}" for name, kind in self.columns)
        for row in self.rows if show_values else ():
            yield "  " + " | ".join(value_text(kind, data) for (_, kind), data in zip(self.columns, row))
        if show_values:
            yield f"  ({len(self.rows)} rows)"


def columns_of(reader, known=()):
    """(columns, page state)"""
    flags, count = reader.int(), reader.int()
    return columns_behind(reader, flags, count, known)


def columns_behind(reader, flags, count, known=()):
    state = reader.bytes() if flags & 2 else None
    if flags & 8:
        reader.take(reader.short())
    if flags & 4:
        return list(known), state
    if flags & 1:
        reader.string(), reader.string()
    columns = []
    for _ in range(count):
        if not flags & 1:
            reader.string(), reader.string()
        columns.append((reader.string(), reader.type()))
    return columns, state


def markers_of(reader, version):
    """(the markers, which of them make the partition key)"""
    flags, count = reader.int(), reader.int()
    key = [reader.short() for _ in range(reader.int())] if version >= 4 else []
    return columns_behind(reader, flags, count)[0], key


class Options:
    def __init__(self, page=None, timestamp=None, consistency=1, serial=None, now=None, again=False,
                 pages="all", skip=False, unprepared=None, tracing=False, payload=False):
        self.page, self.timestamp, self.consistency, self.serial = page, timestamp, consistency, serial
        self.now = now  # in seconds; v5 only
        self.again = again  # executes what was prepared before, if it was
        self.skip = skip  # the columns of rows, which were told when it was prepared
        self.unprepared = unprepared  # None; values go along with the text in their "order", or with their "names"
        self.frame_flags = (TRACING if tracing else 0) | (PAYLOAD if payload else 0)
        self.pages = pages  # "all"; the "first"; or the "rest", behind what was the first of the same statement


class Client:
    """`shows_key`: which markers make the partition key is shown, too."""

    def __init__(self, host, port, version=4, shows_key=False):
        self.socket = socket.create_connection((host, port), timeout=180)
        self.version, self.shows_key, self.prepared = version, shows_key, {}
        self.selected = {}  # of what was prepared, the columns that it gives
        self.behind_first = {}  # of statements whose first page alone was asked for, the page state behind it
        self.is_packed, self.unpacker = False, segments.Unpacker(self.receive)
        self.ask(0x01, struct.pack(">H", 1) + string("CQL_VERSION") + string("3.0.0"))
        self.is_packed = version >= 5

    def ask(self, opcode, body, flags=0):
        """(opcode, reader, warnings) of the answer; events are passed over."""
        body = (PAYLOAD_SENT if flags & PAYLOAD else b"") + body
        frame = struct.pack(">BBhBi", self.version, flags, 0, opcode, len(body)) + body
        self.socket.sendall(segments.pack(frame) if self.is_packed else frame)
        take = self.unpacker.take if self.is_packed else self.receive
        _, flags, _, kind, length = struct.unpack(">BBhBi", take(9))
        reader, warnings = Reader(take(length)), []
        if flags & TRACING:
            reader.take(16)
        if flags & WARNINGS:
            warnings = [reader.string() for _ in range(reader.short())]
        if kind == 0:
            code = reader.int()
            raise ServerError(f"{ERRORS.get(code, hex(code))}: {reader.string()}")
        return kind, reader, warnings

    def receive(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the server closed the connection")
            data += piece
        return data

    def parameters(self, options, values=None, state=None, names=None):
        flags = (values is not None) | (2 if options.skip else 0) | (4 if options.page else 0) | (8 if state else 0)
        flags |= (0x10 if options.serial else 0) | (0x20 if options.timestamp is not None else 0)
        flags |= (0x40 if names else 0) | (0x100 if options.now is not None else 0)
        out = struct.pack(">HI" if self.version >= 5 else ">HB", options.consistency, flags)
        if values is not None:
            named = zip(map(string, names) if names else [b""] * len(values), map(cell, values))
            out += struct.pack(">H", len(values)) + b"".join(name + value for name, value in named)
        if options.page:
            out += struct.pack(">i", options.page)
        if state:
            out += cell(state)
        if options.serial:
            out += struct.pack(">H", options.serial)
        if options.timestamp is not None:
            out += struct.pack(">q", options.timestamp)
        if options.now is not None:
            out += struct.pack(">i", options.now)
        return out

    def prepare(self, text):
        """(what EXECUTE begins with, the markers, which of them make the partition key)"""
        _, reader, warnings = self.ask(0x09, long_string(text) + (b"\0\0\0\0" if self.version >= 5 else b""))
        reader.int()
        identities = b"".join(short_bytes(reader) for _ in range(2 if self.version >= 5 else 1))
        markers, key = markers_of(reader, self.version)
        self.selected[text] = columns_of(reader)[0]
        return identities, markers, key

    def run(self, text, values=None, options=None):
        """Yields the pages of an answer: (a line for what it is, or Rows; warnings). `values`: None sends a query."""
        options = options or Options()
        state, markers, names = None, [], None
        if values is None:
            opcode, head, bound = 0x07, long_string(text), None
        else:
            if not options.again or text not in self.prepared:
                self.prepared[text] = self.prepare(text)
            head, markers, key = self.prepared[text]
            if not options.again:
                yield self.shown(markers, key), []
            opcode = 0x0A
            if options.unprepared:
                opcode, head = 0x07, long_string(text)
                names = [name for name, _ in markers] if options.unprepared == "names" else None
            bound = [encode(markers[i][1] if i < len(markers) else ("blob",), v) for i, v in enumerate(values)]
        if options.pages == "rest" and text in self.behind_first:
            state = self.behind_first.pop(text)
            if not state:
                return
        while True:
            try:
                _, reader, warnings = self.ask(opcode, head + self.parameters(options, bound, state, names),
                                               options.frame_flags)
            except ServerError as error:  # as drivers do: prepared anew where the server has forgotten it
                if not options.again or not str(error).startswith("Unprepared"):
                    raise
                self.prepared.pop(text)
                yield from self.run(text, values, options)
                return
            answer = read_result(reader, self.selected.get(text, ()))
            yield answer, warnings
            state = answer.page_state if isinstance(answer, Rows) else None
            if options.pages == "first":
                self.behind_first[text] = state
            if not state or options.pages == "first":
                return

    def shown(self, markers, key):
        text = "  markers: " + ", ".join(f"{name} {type_text(kind)}" for name, kind in markers)
        return text + (f" key {key}" if self.shows_key else "")

    def run_batch(self, text, values, options):
        """The parts of a BATCH statement as a message of their own kind; those with values are prepared."""
        kind, parts = BATCH.fullmatch(text).groups()
        parts = parts.split("; ")
        body, left = b"", list(values or [])
        for part in parts:
            if values is None:
                body += b"\0" + long_string(part) + b"\0\0"
                continue
            head, markers, key = self.prepare(part)
            yield self.shown(markers, key), []
            bound, left = left[:len(markers)], left[len(markers):]
            cells = b"".join(cell(encode(kind, value)) for (_, kind), value in zip(markers, bound))
            identity = head[:2 + struct.unpack(">H", head[:2])[0]]
            body += b"\1" + identity + struct.pack(">H", len(bound)) + cells
        frame = struct.pack(">BH", BATCH_KINDS[kind], len(parts)) + body + self.parameters(options)
        _, reader, warnings = self.ask(0x0D, frame, options.frame_flags)
        yield read_result(reader), warnings


def short_bytes(reader):
    """Short bytes as they stand there, length included."""
    data = reader.take(reader.short())
    return struct.pack(">H", len(data)) + data


def string(text):
    return struct.pack(">H", len(text.encode())) + text.encode()


def read_result(reader, known=()):
    kind = reader.int()
    if kind == 2:
        return Rows(reader, known)
    if kind == 3:
        return "  keyspace " + reader.string()
    if kind == 5:
        change, target = reader.string(), reader.string()
        names = [reader.string() for _ in range(1 if target == "KEYSPACE" else 2)]
        return f"  schema: {change} {target} {'.'.join(names)}"
    return "  done"
