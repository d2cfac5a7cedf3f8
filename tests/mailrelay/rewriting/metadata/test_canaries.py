"""What is planted where a format lets somebody be named is gone; what the file shows is still there."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageSequence

from mailrelay.rewriting.metadata import cleaned
from tests.mailrelay.rewriting.metadata import files, office
from tests.mailrelay.rewriting.metadata.files import CANARY, archive, shows_canary


def _tar() -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as tar:
        entry = tarfile.TarInfo("folder/picture.jpg")
        picture = files.jpeg()
        entry.size, entry.uname, entry.gname, entry.pax_headers = (
            len(picture),
            CANARY,
            CANARY,
            {"comment": CANARY},
        )
        tar.addfile(entry, io.BytesIO(picture))
    return written.getvalue()


def _gzip() -> bytes:
    written = io.BytesIO()
    with gzip.GzipFile(f"{CANARY}.jpg", "wb", fileobj=written) as file:
        file.write(files.jpeg())
    return written.getvalue()


def _zip() -> bytes:
    return archive(
        {
            "a.jpg": files.jpeg(),
            "__MACOSX/._a.jpg": b"\0\x05\x16\x07" + CANARY.encode(),
            ".DS_Store": b"\0\0\0\x01Bud1" + CANARY.encode(),
            "ann.vcf": f"BEGIN:VCARD\r\nFN:{CANARY}\r\nEND:VCARD\r\n".encode(),
            "inner.zip": archive({"b.docx": office.docx()}),
        },
        comment=CANARY.encode(),
    )


KINDS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "jpeg": (files.jpeg, "image/jpeg", ".jpg"),
    "png": (files.png, "image/png", ".png"),
    "webp": (files.webp, "image/webp", ".webp"),
    "lossy webp": (lambda: files.webp(lossless=False), "image/webp", ".webp"),
    "animated webp": (lambda: files.webp(animated=True), "image/webp", ".webp"),
    "gif": (files.gif, "image/gif", ".gif"),
    "tiff": (files.tiff, "image/tiff", ".tiff"),
    "bmp": (files.bmp, "image/bmp", ".bmp"),
    "jpeg 2000": (files.jpeg_2000, "image/jp2", ".jp2"),
    "svg": (files.svg, "image/svg+xml", ".svg"),
    "pdf": (files.pdf, "application/pdf", ".pdf"),
    "docx": (
        office.docx,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".docx",
    ),
    "xlsx": (office.xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    "pptx": (
        office.pptx,
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ".pptx",
    ),
    "odt": (office.odf, "application/vnd.oasis.opendocument.text", ".odt"),
    "ods": (lambda: office.odf("spreadsheet"), "application/vnd.oasis.opendocument.spreadsheet", ".ods"),
    "rtf": (files.rtf, "application/rtf", ".rtf"),
    "html": (files.html, "text/html", ".html"),
    "zip": (_zip, "application/zip", ".zip"),
    "tar": (_tar, "application/x-tar", ".tar"),
    "gzip": (_gzip, "application/gzip", ".jpg.gz"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_canary_survives_and_the_kind_is_told_by_content(kind: str) -> None:
    make, content_type, extension = KINDS[kind]
    content = make()
    assert shows_canary(content)
    result = cleaned(content, "text/plain", "misleading.txt")
    assert not shows_canary(result.content)
    assert (result.content_type, result.extension) == (content_type, extension)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_clean_comes_back_as_it_is(kind: str) -> None:
    """A second cleaning changes nothing: nothing is left to be removed."""
    once = cleaned(KINDS[kind][0](), "", "")
    again = cleaned(once.content, "", "")
    assert again == once


@pytest.mark.parametrize(
    "kind", ["jpeg", "png", "webp", "lossy webp", "animated webp", "gif", "bmp", "jpeg 2000"]
)
def test_pixels_of_a_picture_are_identical(kind: str) -> None:
    content = KINDS[kind][0]()
    before, after = (
        [frame.convert("RGBA") for frame in ImageSequence.Iterator(Image.open(io.BytesIO(octets)))]
        for octets in (content, cleaned(content, "", "").content)
    )
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert ImageChops.difference(old, new).getbbox(alpha_only=False) is None


def test_pages_of_a_tiff_keep_their_pixels() -> None:
    content = files.tiff()
    before, after = (Image.open(io.BytesIO(octets)) for octets in (content, cleaned(content, "", "").content))
    pages = list(zip(ImageSequence.Iterator(before), ImageSequence.Iterator(after), strict=True))
    assert len(pages) == 2
    for old, new in pages:
        assert (old.mode, old.tobytes()) == (new.mode, new.tobytes())


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "lossy webp"])
def test_a_picture_keeps_its_orientation_and_no_other_exif(kind: str) -> None:
    with Image.open(io.BytesIO(cleaned(KINDS[kind][0](), "", "").content)) as picture:
        assert dict(picture.getexif()) == {0x0112: 6}


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_colours_of_a_profile_stay_the_same(kind: str) -> None:
    from PIL import ImageCms  # noqa: PLC0415 - only here

    with Image.open(io.BytesIO(cleaned(KINDS[kind][0](), "", "").content)) as picture:
        kept = picture.info["icc_profile"]
        standard = ImageCms.createProfile("sRGB")
        shown = [
            ImageCms.profileToProfile(files.drawing(), profile, standard, outputMode="RGB")
            for profile in (io.BytesIO(files.profile()), io.BytesIO(kept))
        ]
    assert shown[0] is not None
    assert shown[1] is not None
    assert shown[0].tobytes() == shown[1].tobytes()


def test_a_gif_keeps_its_loops() -> None:
    with Image.open(io.BytesIO(cleaned(files.gif(), "", "").content)) as picture:
        assert picture.info["loop"] == 3
        assert picture.info["duration"] == 50


def test_text_links_and_remarks_of_a_pdf_are_still_there() -> None:
    with pikepdf.open(io.BytesIO(cleaned(files.pdf(), "", "").content)) as pdf:
        [page] = pdf.pages
        assert b"(Text that is shown) Tj" in page.Contents.read_bytes()
        everything = b"".join(value.unparse(resolved=True) for value in pdf.objects)
        assert b"https://example.com/kept" in everything
        assert b"A remark" in everything
        picture = page.Resources.XObject.Im0
        assert isinstance(picture, pikepdf.Stream)
        assert picture.Filter == pikepdf.Name.DCTDecode
        assert picture.DecodeParms.ColorTransform == 1
        assert pikepdf.PdfImage(picture).as_pil_image().size == (64, 48)
        assert pdf.check_pdf_syntax() == []


@pytest.mark.parametrize(
    ("kind", "part", "text"),
    [
        ("docx", "word/document.xml", b"Text that is shown"),
        ("docx", "word/comments.xml", b"A remark"),
        ("docx", "word/settings.xml", b"zoom"),
        ("xlsx", "xl/worksheets/sheet1.xml", b"42"),
        ("xlsx", "xl/worksheets/sheet1.xml", b'orientation="portrait"'),
        ("pptx", "ppt/slides/slide1.xml", b"Text that is shown"),
        ("odt", "content.xml", b"Text that is shown"),
        ("odt", "content.xml", b"A remark"),
        ("odt", "content.xml", b"a link"),
    ],
)
def test_what_a_document_shows_is_still_there(kind: str, part: str, text: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(cleaned(KINDS[kind][0](), "", "").content)) as document:
        assert document.testzip() is None
        assert text in document.read(part)


@pytest.mark.parametrize("kind", ["docx", "xlsx", "pptx"])
def test_no_relationship_of_a_document_leads_nowhere(kind: str) -> None:
    import re  # noqa: PLC0415 - only here
    from posixpath import dirname, join, normpath  # noqa: PLC0415 - only here

    with zipfile.ZipFile(io.BytesIO(cleaned(KINDS[kind][0](), "", "").content)) as document:
        names = set(document.namelist())
        for rels in (name for name in names if name.endswith(".rels") and name != "_rels/.rels"):
            for target in re.findall(rb'Target="([^":]*)"', document.read(rels)):
                assert normpath(join(dirname(dirname(rels)), target.decode())) in names
        for part in re.findall(rb'PartName="/([^"]*)"', document.read("[Content_Types].xml")):
            assert part.decode() in names


def test_nothing_tells_when_a_document_was_changed() -> None:
    with zipfile.ZipFile(io.BytesIO(cleaned(office.docx(), "", "").content)) as document:
        for name in document.namelist():
            assert b"2026-01-02" not in document.read(name)
            assert b"00AB12CD" not in document.read(name)


def test_an_opendocument_file_begins_with_its_type_unpacked() -> None:
    with zipfile.ZipFile(io.BytesIO(cleaned(office.odf(), "", "").content)) as document:
        first = document.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert b"meta.xml" not in document.read("META-INF/manifest.xml")


def test_text_of_rich_text_is_still_there() -> None:
    content = cleaned(files.rtf(), "", "").content
    assert rb"Dear \{reader\}," in content
    assert rb"gr\'fc\'dfe\par" in content
    assert rb"{\*\annotation a remark}" in content
    assert rb"rsid" not in content


def test_names_of_an_archive_are_told_for_they_must_be_scanned() -> None:
    result = cleaned(_zip(), "", "")
    assert result.names == ("a.jpg", "inner.zip")
    with zipfile.ZipFile(io.BytesIO(result.content)) as members:
        assert {entry.date_time for entry in members.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_drawing_keeps_what_it_shows() -> None:
    content = cleaned(files.svg(), "", "").content
    assert b'<rect id="kept"' in content
    assert b">shown</text>" in content
    assert b"data:image/jpeg;base64," in content


def test_text_comes_back_as_it_is_with_a_label_by_its_name() -> None:
    content = "Grüße;42\r\n".encode("latin-1")
    for name, label in (("a.csv", "text/csv"), ("a.exe", "text/plain"), ("", "text/plain")):
        result = cleaned(content, "application/x-dosexec", name)
        assert (result.content, result.content_type) == (content, label)
