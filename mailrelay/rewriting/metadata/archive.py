"""Clean archives (ZIP, gzip of RFC 1952, tar of POSIX.1): their members are cleaned and packed anew.

Times, owners, comments and extra fields go, and so do members that are never passed on. The names stay
and are told, for they must be scanned.
"""

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator

from mailrelay.rewriting.metadata import odf, ooxml
from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned, Dropped
from mailrelay.rewriting.metadata.package import inside, member_names, packed, unpacked

# What macOS and Windows add to archives for themselves.
_OF_SYSTEMS = re.compile(
    r"(?:.*/)?(?:__MACOSX(?:/|$)|\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE
)
_IWORK = re.compile(r"(?:.*/)?(?:.*\.iwa|index\.apxl|index\.apxl\.gz|Index\.zip)$")


def cleaned_zip(content: bytes, name: str, nesting: Nesting) -> Cleaned:
    """Return an Office document or an archive with everything in it cleaned."""
    names = member_names(content)
    if ooxml.CONTENT_TYPES in names:
        return ooxml.cleaned_ooxml(content, name, nesting)
    if names[:1] == (odf.MIMETYPE,) and "META-INF/manifest.xml" in names:
        return odf.cleaned_odf(content, name, nesting)
    if any(_IWORK.match(one) for one in names):
        raise CannotClean("apple-iwork")
    members = _cleaned_members(unpacked(content, nesting.budget), nesting)
    return Cleaned(packed(members), "application/zip", ".zip", tuple(members))


def cleaned_tar(content: bytes, _name: str, nesting: Nesting) -> Cleaned:
    """Return an archive whose members belong to nobody; links and devices are left out."""
    members = _cleaned_members(_tar_members(content, nesting), nesting)
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, member in members.items():
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.size = len(member)
            if name.endswith("/"):
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry, io.BytesIO(member))
    return Cleaned(written.getvalue(), "application/x-tar", ".tar", tuple(members))


def cleaned_gzip(content: bytes, name: str, nesting: Nesting) -> Cleaned:
    """Return the file cleaned and packed without its name and time."""
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        file = unpacker.decompress(content, max(nesting.budget.octets, 0) + 1)
    except zlib.error:
        raise CannotClean("broken-archive") from None
    nesting.budget.spend(len(file))
    # Section 2.2: members may follow one another; that is rare, and none may be overlooked.
    if not unpacker.eof or unpacker.unused_data:
        raise CannotClean("broken-archive")
    inner = nesting.cleaned(file, name.removesuffix(".gz"))
    extension = ".svgz" if inner.extension == ".svg" else f"{inner.extension}.gz"
    return Cleaned(gzip.compress(inner.content, mtime=0), "application/gzip", extension, inner.names)


def _cleaned_members(members: Iterator[tuple[str, bytes]], nesting: Nesting) -> dict[str, bytes]:
    """Clean the members; those that are dropped are left out.

    Raises:
        CannotClean: One cannot be cleaned, or two have one name.
    """
    kept: dict[str, bytes] = {}
    for name, content in members:
        if _OF_SYSTEMS.match(name) or not name:
            continue
        if name in kept:
            raise CannotClean("broken-archive")
        try:
            kept[name] = b"" if name.endswith("/") else nesting.cleaned(content, name).content
        except Dropped:
            continue
    return kept


def _tar_members(content: bytes, nesting: Nesting) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for entry in archive:
                nesting.budget.spend(entry.size if entry.isreg() else 0)
                name = inside(entry.name)
                if entry.isdir():
                    yield f"{name}/", b""
                elif file := archive.extractfile(entry) if entry.isreg() else None:
                    yield name, file.read()
    except (tarfile.TarError, OSError, ValueError, EOFError):
        raise CannotClean("broken-archive") from None
