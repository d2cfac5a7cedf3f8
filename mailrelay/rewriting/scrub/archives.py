"""Names and contents of what archives hold: ZIP, tar, gzip, bzip2, xz; within limits."""

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Protocol

MOST_OCTETS = 24 * 1024 * 1024  # of all members together: a small file can hold a large one many times
_MOST_MEMBERS = 2000
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    RuntimeError,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
)


class CannotLookInside(Exception):
    """The document is encrypted, broken or too large; trying again cannot help."""


class _Unpacker(Protocol):
    """Of zlib, bz2 or lzma."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def zip_members(octets: bytes) -> Iterator[bytes]:
    """Yield the comment of a ZIP, then of each member name, comment and content."""
    left = MOST_OCTETS
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_MEMBERS:
                raise CannotLookInside
            yield archive.comment
            for entry in entries:
                yield entry.filename.encode("utf-8", "replace")
                yield entry.comment
                with archive.open(entry) as file:
                    content = file.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise CannotLookInside
                yield content
    except _BROKEN as error:
        raise CannotLookInside from error


def tar_members(octets: bytes) -> Iterator[bytes]:
    """Yield of each member of a tar archive name, owner, link and content."""
    try:
        with tarfile.open(fileobj=io.BytesIO(octets), mode="r:") as archive:
            for count, entry in enumerate(archive):
                if count > _MOST_MEMBERS:
                    raise CannotLookInside
                told = (entry.name, entry.uname, entry.gname, entry.linkname, *entry.pax_headers.values())
                yield "\n".join(told).encode("utf-8", "replace")
                file = archive.extractfile(entry) if entry.isfile() else None
                if file is not None:
                    yield file.read(MOST_OCTETS + 1)
    except _BROKEN as error:
        raise CannotLookInside from error


def gunzipped(octets: bytes) -> Iterator[bytes]:
    """Yield header and content of a gzip file (RFC 1952); the header may name the file and its author."""
    yield octets[10:512]
    yield _unpacked(zlib.decompressobj(wbits=16 + zlib.MAX_WBITS), octets)


def bunzipped(octets: bytes) -> Iterator[bytes]:
    """Yield the content of a bzip2 file."""
    yield _unpacked(bz2.BZ2Decompressor(), octets)


def unxzed(octets: bytes) -> Iterator[bytes]:
    """Yield the content of an xz file."""
    yield _unpacked(lzma.LZMADecompressor(memlimit=2 * MOST_OCTETS), octets)


def _unpacked(unpacker: _Unpacker, octets: bytes) -> bytes:
    try:
        content = unpacker.decompress(octets, MOST_OCTETS)
    except _BROKEN as error:
        raise CannotLookInside from error
    # Packed files may follow one another; only one is read here.
    if not unpacker.eof or unpacker.unused_data.strip(b"\0"):
        raise CannotLookInside
    return content
