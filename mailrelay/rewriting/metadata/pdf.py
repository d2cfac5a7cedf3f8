"""Clean a PDF with pikepdf (qpdf): the file is written anew from what its pages show (ISO 32000-2).

Document information, XMP of the document and of pages and pictures, identifiers, private data of
programs, embedded files, scripts, earlier versions of the file, authors and times of annotations go.
Pictures lose their metadata and keep their pixels, colour profiles keep their numbers.
"""

import io
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream
from pikepdf.sanitize import Sanitizer
from pikepdf.settings import set_qpdf_limits

from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned
from mailrelay.rewriting.metadata.pdf_streams import (
    MOST_UNPACKED,
    clean_profile,
    clean_stream,
    keep,
    note_profile,
)
from mailrelay.rewriting.metadata.xml import is_remote

_MOST_OBJECTS = 60_000
_MOST_VALUES = 1_500_000
# They hold for the whole process; nothing else in it reads PDF.
set_qpdf_limits(
    flate_max_memory=MOST_UNPACKED,
    png_max_memory=MOST_UNPACKED,
    tiff_max_memory=MOST_UNPACKED,
    run_length_max_memory=MOST_UNPACKED,
    dct_max_memory=MOST_UNPACKED,
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
_ANNOTATION = frozenset(["/T", "/NM", "/M", "/CreationDate", "/RC", "/FS", "/ExData"])
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
    except pikepdf.PasswordError:
        raise CannotClean("encrypted") from None
    except Exception:  # noqa: BLE001 - see above
        raise CannotClean("broken-document") from None
    return Cleaned(written.getvalue(), "application/pdf", ".pdf")


def _look_at(content: bytes, pages: int) -> None:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        if len(pdf.pages) != pages:
            raise CannotClean("broken-document")


def _clean(pdf: Pdf) -> int:
    """Clean in place; return the number of pages."""
    _judge(pdf)
    _SANITIZER.apply(pdf)
    keep(pdf.trailer, frozenset(("/Root", "/Size")))
    keep(pdf.Root, _CATALOGUE)
    if "/Names" in pdf.Root:
        keep(pdf.Root.Names, frozenset(("/Dests",)))
    for page in pdf.pages:
        keep(page.obj, _PAGE)
    profiles: dict[tuple[int, int], Stream] = {}
    for value in _values(pdf):
        note_profile(value, profiles)
        if not isinstance(value, Array):
            _clean_dictionary(value)
        if isinstance(value, Stream):
            clean_stream(value)
    for profile in profiles.values():
        clean_profile(profile)
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
    for key in keys & _FILE:
        if isinstance(value.get(key), pikepdf.String):
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
