"""How protocol v5 packs frames behind STARTUP: segments of at most 128 KiB with checksums."""
import zlib

SEGMENT_MAX = 128 * 1024 - 1
CRC32_START = b"\xfa\x2d\x55\xca"


def crc24(data):
    crc = 0x875060
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1974F0B
    return crc


def crc32(data):
    return zlib.crc32(data, zlib.crc32(CRC32_START))


def pack(frame, compressed=False):
    """The frame's segments. With `compressed` they have that form, and their contents are as they were."""
    out, whole = b"", len(frame) <= SEGMENT_MAX
    for at in range(0, len(frame), SEGMENT_MAX):
        part = frame[at:at + SEGMENT_MAX]
        if compressed:
            header = (len(part) | 0 << 17 | whole << 34).to_bytes(5, "little")  # uncompressed length 0: as it is
        else:
            header = (len(part) | whole << 17).to_bytes(3, "little")
        out += header + crc24(header).to_bytes(3, "little") + part + crc32(part).to_bytes(4, "little")
    return out


class Unpacker:
    """What stands in the segments that `receive(count)` gives the bytes of; `decompress` if they are compressed."""

    def __init__(self, receive, decompress=None):
        self.receive, self.decompress, self.rest = receive, decompress, b""

    def take(self, count):
        while len(self.rest) < count:
            self.rest += self.segment()
        out, self.rest = self.rest[:count], self.rest[count:]
        return out

    def segment(self):
        header, check = self.receive(5 if self.decompress else 3), self.receive(3)
        if crc24(header).to_bytes(3, "little") != check:
            raise ValueError("a segment's header is damaged")
        bits = int.from_bytes(header, "little")
        payload = self.receive(bits & 0x1FFFF)
        if crc32(payload).to_bytes(4, "little") != self.receive(4):
            raise ValueError("a segment is damaged")
        return self.decompress(payload) if self.decompress and bits >> 17 & 0x1FFFF else payload
