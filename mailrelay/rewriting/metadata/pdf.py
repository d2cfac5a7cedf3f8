"""Clean a PDF with pikepdf (qpdf): the file is written anew from what its pages show (ISO 32000-2).

Document information, XMP of the document and of pages and pictures, identifiers, private data of
programs, embedded files, scripts, earlier versions of the file, authors and times of annotations go.
Pictures lose their metadata and keep their pixels, colour profiles keep their numbers.
"""

import io
import zlib
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream
from pikepdf.sanitize import Sanitizer
from pikepdf.settings import set_qpdf_limits

from mailrelay.rewriting.metadata.icc import colorimetry
from mailrelay.rewriting.metadata.jpeg import bare_jpeg
from mailrelay.rewriting.metadata.jpx import bare_jpx
from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned
from mailrelay.rewriting.metadata.xml import is_remote

_MOST_UNPACKED = 64 * 1024 * 1024  # octets of one stream
_MOST_OBJECTS = 60_000
_MOST_VALUES = 1_500_000
# They hold for the whole process; nothing else in it reads PDF.
set_qpdf_limits(
    flate_max_memory=_MOST_UNPACKED,
    png_max_memory=_MOST_UNPACKED,
    tiff_max_memory=_MOST_UNPACKED,
    run_length_max_memory=_MOST_UNPACKED,
    dct_max_memory=_MOST_UNPACKED,
    parser_max_container_size=_MOST_VALUES,
    max_stream_filters=4,
    doc_max_warnings=200,
)
_SANITIZER = (
    Sanitizer()
    .remove_attachments()
    .remove_javascript()
    .remove_multimedia()
    .remove_private_app_data()
    .remove_thumbnails()
    .remove_web_capture()
)
# Table 29 and table 31: what shows; all else of the catalogue and the pages goes.
_CATALOGUE = frozenset(
    [
        "/Type",
        "/Pages",
        "/Outlines",
        "/PageMode",
        "/PageLayout",
        "/PageLabels",
        "/Names",
        "/Dests",
        "/OpenAction",
        "/ViewerPreferences",
        "/Lang",
        "/MarkInfo",
        "/StructTreeRoot",
        "/OCProperties",
        "/AcroForm",
        "/OutputIntents",
        "/Version",
        "/Extensions",
    ]
)
_PAGE = frozenset(
    [
        "/Type",
        "/Parent",
        "/Resources",
        "/MediaBox",
        "/CropBox",
        "/BleedBox",
        "/TrimBox",
        "/ArtBox",
        "/Contents",
        "/Rotate",
        "/Group",
        "/Annots",
        "/Tabs",
        "/UserUnit",
        "/StructParents",
        "/Dur",
        "/Trans",
    ]
)
_ANYWHERE = frozenset(
    ["/Metadata", "/PieceInfo", "/LastModified", "/Thumb", "/AA", "/AF", "/EF", "/CreatorInfo", "/OPI"]
)
_ANNOTATION = frozenset(["/T", "/NM", "/M", "/CreationDate", "/RC", "/Popup", "/IRT", "/FS", "/ExData"])
_FILE = frozenset(("/F", "/UF", "/DOS", "/Mac", "/Unix", "/Desc"))
_ACTIONS = frozenset(
    [
        "/Launch",
        "/GoToR",
        "/GoToE",
        "/SubmitForm",
        "/ImportData",
        "/JavaScript",
        "/Rendition",
        "/Movie",
        "/Sound",
        "/RichMediaExecute",
        "/GoTo3DView",
        "/Thread",
    ]
)


def cleaned_pdf(content: bytes, _name: str, _nesting: Nesting) -> Cleaned:
    """Return the document written anew.

    Whatever the library raises on octets that somebody chose means the same: the document is broken.
    """
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            pages = _clean(pdf)
            written = io.BytesIO()
            pdf.save(
                written,
                deterministic_id=True,
                preserve_pdfa=False,
                fix_metadata_version=False,
                stream_decode_level=pikepdf.StreamDecodeLevel.none,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
            )
        _look_at(written.getvalue(), pages)
    except CannotClean:
        raise
    except pikepdf.PasswordError as error:
        raise CannotClean("encrypted") from error
    except Exception as error:
        raise CannotClean("broken-document") from error
    return Cleaned(written.getvalue(), "application/pdf", ".pdf")


def _look_at(content: bytes, pages: int) -> None:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        if len(pdf.pages) != pages:
            raise CannotClean("broken-document")


def _clean(pdf: Pdf) -> int:
    """Clean in place; return the number of pages."""
    _judge(pdf)
    _SANITIZER.apply(pdf)
    _keep(pdf.trailer, frozenset(("/Root", "/Size")))
    _keep(pdf.Root, _CATALOGUE)
    if "/Names" in pdf.Root:
        _keep(pdf.Root.Names, frozenset(("/Dests",)))
    for page in pdf.pages:
        _keep(page.obj, _PAGE)
    profiles: dict[tuple[int, int], Stream] = {}
    for value in _values(pdf):
        _note_profile(value, profiles)
        if not isinstance(value, Array):
            _clean_dictionary(value)
        if isinstance(value, Stream):
            _clean_stream(value)
    for profile in profiles.values():
        _clean_profile(profile)
    return len(pdf.pages)


def _judge(pdf: Pdf) -> None:
    if pdf.is_encrypted:
        raise CannotClean("encrypted")
    if len(pdf.objects) > _MOST_OBJECTS:
        raise CannotClean("too-large")
    if "/Collection" in pdf.Root:
        raise CannotClean("pdf-portfolio")
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, Dictionary) and "/XFA" in form:
        raise CannotClean("xfa-form")


def _keep(dictionary: Object, keys: frozenset[str]) -> None:
    for key in set(dictionary.keys()) - keys:
        del dictionary[key]


def _values(pdf: Pdf) -> Iterator[Object]:
    """Yield each array, dictionary and stream once: indirect ones, and direct ones inside of them."""
    left = _MOST_VALUES
    for indirect in pdf.objects:
        waiting = [indirect]
        while waiting:
            value = waiting.pop()
            if not isinstance(value, Array | Dictionary | Stream):
                continue
            yield value
            for one in value if isinstance(value, Array) else value.values():
                left -= 1
                if isinstance(one, Array | Dictionary) and not one.is_indirect:
                    waiting.append(one)
            if left < 0:
                raise CannotClean("too-large")


def _clean_dictionary(value: Object) -> None:
    keys = set(value.keys())
    for key in keys & _ANYWHERE:
        del value[key]
    if value.get("/FT") == Name.Sig and "/V" in keys:
        raise CannotClean("signed")
    if "/Rect" in keys and "/Subtype" in keys and value.Subtype != Name.Widget:
        for key in keys & _ANNOTATION:
            del value[key]
    if value.get("/Type") in {Name.Filespec, Name.F} or "/UF" in keys:
        for key in keys & _FILE:
            del value[key]
    for key in keys & {"/A", "/OpenAction", "/Next", "/PA"}:
        if _is_unwanted_action(value.get(key)):
            del value[key]


def _is_unwanted_action(value: object) -> bool:
    if isinstance(value, Array):
        return any(_is_unwanted_action(one) for one in value)
    if not isinstance(value, Dictionary):
        return False
    action = value.get("/S")
    if action == Name.URI:
        return not is_remote(str(value.get("/URI", "")))
    return str(action) in _ACTIONS


def _note_profile(value: Object, profiles: dict[tuple[int, int], Stream]) -> None:
    """Remember a stream that is used as a colour profile (sections 8.6.5.5 and 14.11.5)."""
    if not isinstance(value, Array):
        profile = value.get("/DestOutputProfile")
    else:
        profile = value[1] if len(value) > 1 and value[0] == Name.ICCBased else None
    if isinstance(profile, Stream):
        profiles[profile.objgen] = profile


def _clean_profile(stream: Stream) -> None:
    profile = colorimetry(stream.read_bytes())
    if profile is None:
        raise CannotClean("colour-profile")
    stream.write(profile)


def _clean_stream(stream: Stream) -> None:
    if stream.get("/Type") == Name.Metadata:
        stream.write(b"")
        return
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
    return zlib.decompressobj().decompress(raw, _MOST_UNPACKED)
