"""The reserve: a preallocated file beside the log. When the disk is full, urgent batches take its place and bulk does not.

The file describes itself, as several processes share it: its first 16 bytes say what was asked for and how large it is when whole.
"""

import errno
import os
import struct
from pathlib import Path

_HEAD = struct.Struct("<QQ")  # wanted, whole: bytes
STEP = 8 << 20  # bytes given up at once; ours: some twenty urgent batches of the largest size, with the pages around them
SHARE = 10  # the reserve takes at most this part (1/n) of the free disk; ours: a small disk must not be all reserve


class Reserve:
    """Shared by every process that has the log open. Where nobody made one, `whole` is True and `release` is False."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def make(self, wanted: int) -> int:
        """Preallocate `wanted` bytes, or a tenth of the free disk if that is less; return how many. A repeated call changes nothing."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            head = os.pread(descriptor, _HEAD.size, 0)
            if len(head) == _HEAD.size and _HEAD.unpack(head)[0] == wanted:
                return int(_HEAD.unpack(head)[1])
            room = self._free(descriptor) + os.fstat(descriptor).st_blocks * 512
            whole = max(_HEAD.size, min(wanted, room // SHARE))
            os.ftruncate(descriptor, min(whole, os.fstat(descriptor).st_size))
            os.pwrite(descriptor, _HEAD.pack(wanted, whole), 0)
            os.posix_fallocate(descriptor, 0, whole)
            return whole
        finally:
            os.close(descriptor)

    def whole(self) -> bool:
        """Whether bulk may be written. Fills the reserve up again once there is clearly room for it."""
        descriptor = self._open()
        if descriptor is None:
            return True
        head = os.pread(descriptor, _HEAD.size, 0)
        size = os.fstat(descriptor).st_size
        whole = _HEAD.unpack(head)[1] if len(head) == _HEAD.size else 0
        if size >= whole:
            return True
        if self._free(descriptor) < whole - size + STEP:  # what was given up a moment ago is not room: somebody urgent is about to use it
            return False
        try:
            os.posix_fallocate(descriptor, 0, whole)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return False
            raise
        return True

    def missing(self) -> int:
        """Bytes that were given up and not filled up again. It is filled up once this and one more `STEP` are free."""
        descriptor = self._open()
        if descriptor is None:
            return 0
        return max(0, int(_HEAD.unpack(os.pread(descriptor, _HEAD.size, 0))[1]) - os.fstat(descriptor).st_size)

    def release(self) -> bool:
        """Give up one step; False if there is nothing left."""
        descriptor = self._open()
        if descriptor is None:
            return False
        size = os.fstat(descriptor).st_size
        if size <= _HEAD.size:
            return False
        os.ftruncate(descriptor, max(_HEAD.size, size - STEP))
        os.fsync(descriptor)
        return True

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int | None:
        if self._file is None:
            try:
                self._file = os.open(self._path, os.O_RDWR)
            except FileNotFoundError:
                return None
        return self._file

    @staticmethod
    def _free(descriptor: int) -> int:
        disk = os.fstatvfs(descriptor)
        return disk.f_bavail * disk.f_frsize
