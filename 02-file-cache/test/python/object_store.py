# SPDX-License-Identifier: MIT
"""Stage 2 in Python: objects under their keys, in one file that is appended to, and its index.

    NAME.pack     magic | record | record ...     record: key, checksum, size, and the payload
    NAME.index    header | slot | slot ...        a hash table: key -> where its record stands

A key is what content_hash makes, 32 hex digits. What is put reaches the disk with commit().
"""
import mmap
import os
import struct
import zlib

from detect import content_hash, make_cache, no_link, replace

MAGIC = b"objects, Python1"
RECORD = struct.Struct("<16s16sII")  # key, hash of the payload, its size, checksum of these three
HEADER = struct.Struct("<16sQQQQ16sI")  # magic, slots, keys, covered, last record and its hash, checksum
SLOT = struct.Struct("<16sQI4x")  # key, offset of the record (0: free), size of the payload
SLOTS_AT = 96


def seal(form, *fields):
    """The fields as bytes, and a checksum of them behind."""
    raw = form.pack(*fields, 0)[:-4]
    return raw + struct.pack("<I", zlib.crc32(raw))


def unseal(form, raw):
    """The fields without their checksum; None if it is another one."""
    if len(raw) != form.size or zlib.crc32(raw[:-4]) != form.unpack(raw)[-1]:
        return None
    return form.unpack(raw)[:-1]


def hash_of(payload):
    return bytes.fromhex(content_hash(payload))


def open_for_update(name):
    return os.fdopen(no_link(name, os.O_RDWR | os.O_CREAT), "r+b")


def write_at(file, offset, data):
    file.seek(offset)
    file.write(data)
    file.flush()


# ---- 2.2 the pack ----------------------------------------------------------------------------------


class Pack:
    def __init__(self, name):
        self.file = open_for_update(name)
        if self.file.read(len(MAGIC)) != MAGIC:  # new, or damaged: start again
            self.file.truncate(0)
            write_at(self.file, 0, MAGIC)
        self.size = os.fstat(self.file.fileno()).st_size

    def read(self, offset, size):
        return os.pread(self.file.fileno(), size, offset)

    def record_at(self, offset):
        """(key, hash, size, end), if a record begins there, and ends in this file; or None."""
        fields = unseal(RECORD, self.read(offset, RECORD.size))
        end = offset + RECORD.size + fields[2] if fields else 0
        return (*fields, end) if 0 < end <= self.size else None

    def get(self, key, offset, size):
        """What the record there holds, if it is the one that is meant, and undamaged; or None."""
        record = self.record_at(offset)
        if record is None or (record[0], record[2]) != (key, size):
            return None
        payload = self.read(offset + RECORD.size, size)
        return payload if hash_of(payload) == record[1] else None

    def records_from(self, offset):
        """One (key, offset, record) after the other, as far as they are whole."""
        while record := self.record_at(offset):
            yield record[0], offset, record
            offset = record[3]

    def append(self, objects, end):
        """Writes the objects behind `end`, where the last whole record ends."""
        records = [seal(RECORD, key, hash_of(payload), len(payload)) + payload
                   for key, payload in objects.items()]
        self.file.truncate(end)  # what a killed process left
        write_at(self.file, end, b"".join(records))
        self.size = end + sum(map(len, records))


# ---- 2.3 the index ---------------------------------------------------------------------------------


class Index:
    """A hash table with free slots. It is the very bytes of the file: nothing is parsed."""

    def __init__(self, slot_count=64):
        self.bytes = bytearray(SLOTS_AT + slot_count * SLOT.size)
        self.slot_count, self.count = slot_count, 0
        self.covered, self.last, self.last_hash = len(MAGIC), 0, bytes(16)
        self.changed, self.is_new = [], True

    def recount_if(self, may_be_wrong):
        """Before anything is entered. A killed process may have written slots that its old header does not
        count, and the count decides when the table grows: a table that fills up takes no more keys."""
        if may_be_wrong:
            self.count = sum(self.slot(number)[1] != 0 for number in range(self.slot_count))

    def slot(self, number):
        return SLOT.unpack_from(self.bytes, SLOTS_AT + number * SLOT.size)

    def slot_of(self, key):
        """The number of the key's slot, or else of the free one where it belongs. One round at most."""
        first = int.from_bytes(key[:8], "little")
        for step in range(self.slot_count):
            number = (first + step) % self.slot_count
            found, offset, _ = self.slot(number)
            if offset == 0 or found == key:
                return number
        return None

    def find(self, key):
        """(offset, size) of the key's record, or None: without a system call."""
        number = self.slot_of(key)
        if number is None or self.slot(number)[1] == 0:
            return None
        return self.slot(number)[1:]

    def enter(self, key, offset, size):
        if (self.count + 1) * 4 > self.slot_count * 3:
            self.grow()
        number = self.slot_of(key)
        if number is None:
            return  # only damage fills every slot; then the key is a miss
        self.count += self.slot(number)[1] == 0
        SLOT.pack_into(self.bytes, SLOTS_AT + number * SLOT.size, key, offset, size)
        self.changed.append(number)

    def grow(self):
        bigger = Index(self.slot_count * 2)
        for number in range(self.slot_count):
            key, offset, size = self.slot(number)
            if offset:
                number = bigger.slot_of(key)
                SLOT.pack_into(bigger.bytes, SLOTS_AT + number * SLOT.size, key, offset, size)
        self.bytes, self.slot_count, self.is_new = bigger.bytes, bigger.slot_count, True

    # ---- 2.4 on disk ----

    @staticmethod
    def open(name, pack):
        """What the file holds, if it is the index of this pack; or else an empty one."""
        index = Index()
        return index if index.load(name) and index.fits(pack) else Index()

    def load(self, name):
        try:
            with open(name, "rb", opener=no_link) as file:
                fields = unseal(HEADER, file.read(HEADER.size))
                if not fields or fields[0] != MAGIC:
                    return False
                self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, ValueError):
            return False
        _, self.slot_count, self.count, self.covered, self.last, self.last_hash = fields
        self.is_new = False
        return len(self.bytes) == SLOTS_AT + self.slot_count * SLOT.size

    def fits(self, pack):
        """Does the record that this index covers last stand there, and end there?"""
        if self.last == 0:
            return self.count == 0
        record = pack.record_at(self.last)
        return record is not None and (record[1], record[3]) == (self.last_hash, self.covered)

    def cover(self, pack):
        """Enters the records behind the covered ones."""
        for key, offset, (_, payload_hash, size, end) in pack.records_from(self.covered):
            self.enter(key, offset, size)
            self.covered, self.last, self.last_hash = end, offset, payload_hash

    def save(self, name):
        """The slots that changed, each to its place, the header last; a new file if it grew."""
        header = seal(HEADER, MAGIC, self.slot_count, self.count, self.covered, self.last, self.last_hash)
        if self.is_new:
            self.bytes[:len(header)] = header
            replace(name, self.bytes)
        elif self.changed:
            with open_for_update(name) as file:
                for number in self.changed:
                    at = SLOTS_AT + number * SLOT.size
                    write_at(file, at, self.bytes[at:at + SLOT.size])
                write_at(file, 0, header)
        self.changed, self.is_new = [], False


# ---- both ------------------------------------------------------------------------------------------


class ObjectStore:
    def __init__(self, name):
        """Opens NAME.pack and NAME.index, and mends what a killed process left."""
        make_cache(os.path.dirname(name) or ".")
        self.index_name, self.waiting = name + ".index", {}
        self.pack = Pack(name + ".pack")
        self.index = Index.open(self.index_name, self.pack)
        self.index.recount_if(self.pack.size > self.index.covered)
        self.index.cover(self.pack)

    def get(self, key):
        """The bytes that were put under the key, or None."""
        key = bytes.fromhex(key)
        if key in self.waiting:
            return self.waiting[key]
        place = self.index.find(key)
        return self.pack.get(key, *place) if place else None

    def put(self, key, payload):
        if self.get(key) != payload:
            self.waiting[bytes.fromhex(key)] = payload

    def commit(self):
        """The records, then the slots, then the header of the index. The order is lesson 2.4."""
        if self.waiting:
            self.index.recount_if(True)  # and their records may be gone, so that open did not notice
            self.pack.append(self.waiting, self.index.covered)
            self.waiting = {}
        self.index.cover(self.pack)
        if self.index.changed:
            self.index.save(self.index_name)

    def __len__(self):
        """How many objects there are."""
        return self.index.count + sum(self.index.find(key) is None for key in self.waiting)
