"""Clean the streams of a PDF: pictures, colour profiles, metadata (ISO 32000-2)."""

import zlib

from pikepdf import Array, Dictionary, Name, Object, Stream

from mailrelay.rewriting.metadata.icc import colorimetry
from mailrelay.rewriting.metadata.jpeg import bare_jpeg
from mailrelay.rewriting.metadata.jpx import bare_jpx
from mailrelay.rewriting.metadata.outcome import CannotClean

MOST_UNPACKED = 64 * 1024 * 1024  # octets of one stream
# Table 87 and table 93.
_XOBJECT = frozenset(
    (
        "/Type",
        "/Subtype",
        "/Length",
        "/Filter",
        "/DecodeParms",
        "/Width",
        "/Height",
        "/ColorSpace",
        "/BitsPerComponent",
        "/Intent",
        "/ImageMask",
        "/Mask",
        "/Decode",
        "/Interpolate",
        "/SMask",
        "/SMaskInData",
        "/Matte",
        "/StructParent",
        "/StructParents",
        "/OC",
        "/Name",
        "/FormType",
        "/BBox",
        "/Matrix",
        "/Resources",
        "/Group",
    )
)


def note_profile(value: Object, profiles: dict[tuple[int, int], Stream]) -> None:
    """Remember a stream that is used as a colour profile (sections 8.6.5.5 and 14.11.5)."""
    if not isinstance(value, Array):
        profile = value.get("/DestOutputProfile")
    else:
        profile = value[1] if len(value) > 1 and value[0] == Name.ICCBased else None
    if isinstance(profile, Stream):
        profiles[profile.objgen] = profile


def clean_profile(stream: Stream) -> None:
    """Reduce a profile to its numbers.

    Raises:
        CannotClean: It is no profile.
    """
    profile = colorimetry(stream.read_bytes())
    if profile is None:
        raise CannotClean("colour-profile")
    stream.write(profile)


def clean_stream(stream: Stream) -> None:
    """Clean a stream by what it is.

    Raises:
        CannotClean: It is a picture that cannot be followed, or packed in an unusual way.
    """
    if stream.get("/Type") == Name.Metadata:
        stream.write(b"")
        return
    if stream.get("/Subtype") in {Name.Image, Name.Form}:
        keep(stream, _XOBJECT)
    filters = _filters(stream)
    if filters[-1:] == ["/DCTDecode"]:
        _write_picture(stream, bare_jpeg(_unpacked(stream, filters)), Name.DCTDecode)
    elif filters[-1:] == ["/JPXDecode"]:
        _write_picture(stream, bare_jpx(_unpacked(stream, filters)), Name.JPXDecode)


def _write_picture(stream: Stream, picture: bytes, packing: Name) -> None:
    """Replace a coded picture; what its decoder was told (Table 13) is told it again."""
    told = stream.get("/DecodeParms")
    if isinstance(told, Array):
        told = told[-1] if len(told) else None
    if isinstance(told, Dictionary):
        stream.write(picture, filter=packing, decode_parms=told)
    else:
        stream.write(picture, filter=packing)


def _filters(stream: Stream) -> list[str]:
    value = stream.get("/Filter")
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, Array) else [str(value)]


def _unpacked(stream: Stream, filters: list[str]) -> bytes:
    """Return a coded picture out of the packing around it."""
    raw = stream.read_raw_bytes()
    if len(filters) == 1:
        return raw
    if filters[:-1] != ["/FlateDecode"]:
        raise CannotClean("picture-mode")
    return zlib.decompressobj().decompress(raw, MOST_UNPACKED)


def keep(dictionary: Object, keys: frozenset[str]) -> None:
    """Delete every other key."""
    for key in set(dictionary.keys()) - keys:
        del dictionary[key]
