"""Flash made of files, for boards whose flash is not mapped into memory and for computers: one file per block."""

import os

from neurula_mcu.slot_record import SlotError

BLOCK = 4096
PER_FOLDER = 32  # a long folder is slow to search on a board
BLANK = b"\xff" * BLOCK


class FolderRegion:
    """A region of `size` bytes below a folder, which is made when there is none. An erased block has no file; a block
    changes as a whole, because its new content takes the old one's place by renaming."""

    block = BLOCK
    page = BLOCK

    def __init__(self, folder, size):
        self.size = size
        self.slot_bytes = size // 2
        self._folder = folder
        _make_folder(folder)

    def _path(self, block):
        return "%s/%d/%d" % (self._folder, block // PER_FOLDER, block % PER_FOLDER)

    def address(self, offset):
        """None: files have no place in memory."""

    def read(self, offset, size):
        """A copy."""
        data = bytearray(size)
        view = memoryview(data)
        at = 0
        while at < size:
            inside = (offset + at) % BLOCK
            part = view[at : at + min(BLOCK - inside, size - at)]
            got = 0
            try:
                with open(self._path((offset + at) // BLOCK), "rb") as file:
                    file.seek(inside)
                    got = file.readinto(part)
            except OSError:
                pass
            part[got:] = BLANK[: len(part) - got]
            at += len(part)
        return data

    def erase(self, offset):
        try:
            os.remove(self._path(offset // BLOCK))
        except OSError:
            pass

    def program(self, offset, data):
        """SlotError F114 when the file system is full."""
        block = offset // BLOCK
        path = self._path(block)
        content = self.read(block * BLOCK, BLOCK)
        inside = offset % BLOCK
        for i in range(len(data)):
            content[inside + i] &= data[i]
        try:
            _make_folder(path[: path.rindex("/")])
            with open(path + ".new", "wb") as file:
                file.write(content)
                if hasattr(os, "fsync"):
                    file.flush()
                    os.fsync(file.fileno())
            os.rename(path + ".new", path)
        except OSError:
            raise SlotError("F114", "the file system has no room for the brain", offset)

    def check(self):
        """SlotError F111 when the folder is gone."""
        try:
            os.stat(self._folder)
        except OSError:
            raise SlotError("F111", "the folder that holds the brains was deleted")


def _make_folder(path):
    try:
        os.mkdir(path)
    except OSError:
        pass
