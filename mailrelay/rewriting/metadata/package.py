"""Read and write ZIP containers (APPNOTE 6.3): bounded when read, without times and comments when written."""

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from mailrelay.rewriting.metadata.nesting import Budget
from mailrelay.rewriting.metadata.outcome import CannotClean

_ENCRYPTED = 0x41  # general purpose bits 0 and 6
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    IndexError,
)
_DRIVE = re.compile(r"^[A-Za-z]:")


def member_names(content: bytes) -> tuple[str, ...]:
    """Return the names in an archive, without reading the members.

    Raises:
        CannotClean: It is broken.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return tuple(archive.namelist())
    except (NotImplementedError, RuntimeError):
        raise CannotClean("archive-format") from None
    except _BROKEN:
        raise CannotClean("broken-archive") from None


def unpacked(content: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each member; names of folders end in a slash.

    Raises:
        CannotClean: It is encrypted, broken, packed in a way we do not read, or larger than the budget.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len({entry.filename for entry in entries}) < len(entries):
                raise CannotClean("broken-archive")
            for entry in entries:
                if entry.flag_bits & _ENCRYPTED:
                    raise CannotClean("encrypted")
                with archive.open(entry) as file:
                    member = file.read(max(budget.octets, 0) + 1)
                budget.spend(len(member))
                yield inside(entry.filename), member
    except (NotImplementedError, RuntimeError):
        raise CannotClean("archive-format") from None
    except _BROKEN:
        raise CannotClean("broken-archive") from None


def inside(name: str) -> str:
    """Return a member's name as a path that stays inside its archive: no drive, no root, no steps up."""
    steps = (_DRIVE.sub("", step) for step in name.replace("\\", "/").replace("\0", "").split("/"))
    path = "/".join(step for step in steps if step.strip("."))
    return f"{path}/" if path and name.endswith("/") else path


def packed(members: dict[str, bytes]) -> bytes:
    """Return an archive of the members: their names and contents, nothing else."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name or "unnamed", _NO_TIME)
            entry.create_system = 0
            # ODF 1.3 part 2 section 3.3 and EPUB: the first member is read without unpacking.
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return written.getvalue()
