"""Files with a canary in every place where their formats let somebody be named, and a search for it."""

import contextlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image, ImageCms, PngImagePlugin

CANARY = "CanaryAnnSmith"
_FORMS = tuple(CANARY.encode(charset) for charset in ("ascii", "utf-16-le", "utf-16-be"))


def shows_canary(content: bytes) -> bool:
    """Say whether the canary stands anywhere, however packed."""
    return any(form in piece for piece in everything_in(content) for form in _FORMS)


def everything_in(content: bytes) -> Iterator[bytes]:
    yield content
    if content.startswith(b"%PDF"):
        yield from _pdf_objects(content)
    elif zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield archive.comment
            for entry in archive.infolist():
                yield entry.filename.encode() + entry.extra + entry.comment
                yield from everything_in(archive.read(entry))
    elif content.startswith(b"\x1f\x8b"):
        yield from everything_in(zlib.decompress(content, wbits=31))
    else:
        yield from _deflated(content)


def _pdf_objects(content: bytes) -> Iterator[bytes]:
    yield from _deflated(content)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        yield pdf.trailer.unparse()
        for value in pdf.objects:
            yield value.unparse()
            if isinstance(value, Stream):
                yield value.read_raw_bytes()
                with contextlib.suppress(pikepdf.PdfError):
                    yield value.read_bytes()


def _deflated(content: bytes) -> Iterator[bytes]:
    for header in (b"\x78\x9c", b"\x78\x01", b"\x78\xda", b"\x78\x5e"):
        position = content.find(header)
        while position >= 0:
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj().decompress(content[position:])
            position = content.find(header, position + 1)


def drawing(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.linear_gradient("L").resize(size).convert(mode)


def exif(orientation: int = 6) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x013B] = CANARY  # Artist
    data[0x010E] = CANARY  # ImageDescription
    data.get_ifd(0x8769)[0x927C] = CANARY.encode()  # MakerNote
    data.get_ifd(0x8825)[0x001D] = CANARY  # GPSDateStamp
    return data.tobytes()


def profile() -> bytes:
    """Return an sRGB profile with a description of one's own (ICC.1 section 9.2.41)."""
    standard = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = int.from_bytes(standard[128:132], "big")
    note = b"text" + bytes(4) + CANARY.encode() + b"\0\0"
    entries = [struct.unpack_from(">4sII", standard, 132 + 12 * number) for number in range(count)]
    table = b"".join(struct.pack(">4sII", name, offset + 12, size) for name, offset, size in entries)
    moved = 132 + 12 * count
    end = len(standard) + 12
    table += struct.pack(">4sII", b"note", end, len(note))
    body = standard[4:128] + struct.pack(">I", count + 1) + table + standard[moved:] + note
    return struct.pack(">I", len(body) + 4) + body


def jpeg() -> bytes:
    written = io.BytesIO()
    drawing().save(written, "JPEG", exif=exif(), icc_profile=profile(), comment=CANARY.encode(), quality=90)
    plain = written.getvalue()

    def segment(marker: int, payload: bytes) -> bytes:
        return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload

    word = CANARY.encode()
    extra = (
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + word)
        + segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04" + word)
        + segment(0xE2, b"FPXR\0" + word)
        + segment(0xE0, b"JFXX\0" + word)
        + segment(0xEC, word)
    )
    return plain[:2] + extra + plain[2:] + word


def png() -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", CANARY)
    texts.add_text("Comment", CANARY * 20, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", CANARY, zip=True)
    texts.add(b"prVt", CANARY.encode())
    texts.add(b"tIME", struct.pack(">H5B", 2026, 1, 1, 1, 1, 1))
    written = io.BytesIO()
    drawing("RGBA").save(written, "PNG", pnginfo=texts, exif=exif(), icc_profile=profile(), dpi=(72, 72))
    return written.getvalue() + CANARY.encode()


def webp(*, lossless: bool = True, animated: bool = False) -> bytes:
    written = io.BytesIO()
    more = {"save_all": True, "append_images": [drawing().rotate(90)]} if animated else {}
    drawing().save(
        written, "WEBP", lossless=lossless, exif=exif(), icc_profile=profile(), xmp=CANARY.encode(), **more
    )
    return written.getvalue() + CANARY.encode()


def gif() -> bytes:
    written = io.BytesIO()
    frames = [drawing("P"), drawing("P").rotate(180)]
    frames[0].save(
        written, "GIF", save_all=True, append_images=frames[1:], comment=CANARY.encode(), loop=3, duration=50
    )
    plain = written.getvalue()
    word = CANARY.encode()
    xmp = b"\x21\xff\x0bXMP DataXMP" + bytes((len(word),)) + word + b"\0"
    return plain[:-1] + xmp + b";" + word


def tiff() -> bytes:
    written = io.BytesIO()
    drawing().save(
        written,
        "TIFF",
        save_all=True,
        append_images=[drawing("L")],
        tiffinfo={315: CANARY, 305: CANARY, 700: CANARY.encode(), 33432: CANARY},
    )
    return written.getvalue()


def bmp() -> bytes:
    written = io.BytesIO()
    drawing().save(written, "BMP")
    return written.getvalue() + CANARY.encode()


def jpeg_2000() -> bytes:
    written = io.BytesIO()
    drawing().save(written, "JPEG2000", comment=CANARY.encode())
    word = CANARY.encode()
    return written.getvalue() + struct.pack(">I4s", len(word) + 8, b"xml ") + word


def svg() -> bytes:
    from base64 import b64encode  # noqa: PLC0415 - only here

    return f"""<?xml version="1.0"?>
<!-- {CANARY} -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"
 xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" inkscape:export-filename="/home/{CANARY}/x.png"
 xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" sodipodi:docname="{CANARY}.svg"
 onload="alert('{CANARY}')" data-owner="{CANARY}">
<metadata><x>{CANARY}</x></metadata><sodipodi:namedview inkscape:label="{CANARY}"/>
<script>{CANARY}</script><foreignObject><p xmlns="http://www.w3.org/1999/xhtml">{CANARY}</p></foreignObject>
<style>rect {{ fill: red }} /* {CANARY} */</style>
<rect id="kept" width="5" height="5" style="fill:url(#x)"/>
<image xlink:href="file:///C:/Users/{CANARY}/x.png"/>
<image xlink:href="data:image/png;base64,{b64encode(jpeg()).decode()}" width="3" height="3"/>
<text>shown</text></svg>""".encode()


def rtf() -> bytes:
    return (
        (
            r"{\rtf1\ansi\rsidroot123{\fonttbl{\f0 Arial;}}"
            r"{\info{\author NAME}{\operator NAME}{\company NAME}{\doccomm a {nested} NAME}}"
            r"{\*\userprops{\propname x}{\staticval NAME}}{\*\revtbl{NAME;}}{\*\generator NAME;}"
            r"{\*\xmlnstbl NAME}{\*\datastore 4e}{\*\docvar {x}{NAME}}{\*\unheard NAME}"
            r"\pard\insrsid77\f0 Dear \{reader\}, {\*\atnid N}{\*\atnauthor NAME}{\*\annotation a remark}"
            r" gr\'fc\'dfe\par"
            r"{\*\shppict{\pict\jpegblip " + jpeg().hex() + r"}}{\nonshppict{\pict\wmetafile8 00NAME}}}NAME"
        )
        .replace("NAME", CANARY)
        .encode()
    )


def html() -> bytes:
    return (
        f'<!-- {CANARY} --><html><head><meta name="author" content="{CANARY}"><title>{CANARY}</title>'
        f"<style>/* {CANARY} */</style></head><body onload=\"x('{CANARY}')\" class='{CANARY}'>"
        f'<script>{CANARY}</script><p>Grüße</p><img src="file:///home/{CANARY}/x.png"></body></html>'
    ).encode()


def archive(members: dict[str, bytes], *, comment: bytes = b"") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        file.comment = comment
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            entry.extra = struct.pack("<HH", 0x7875, len(CANARY)) + CANARY.encode()
            entry.comment = CANARY.encode()
            file.writestr(entry, content, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _xmp(pdf: pikepdf.Pdf) -> Stream:
    return Stream(pdf, CANARY.encode(), Type=Name.Metadata, Subtype=Name.XML)


def pdf(text: str = "Text that is shown") -> bytes:
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(200, 200))
    picture = Stream(pdf, jpeg())
    picture.update(
        Dictionary(
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=64,
            Height=48,
            BitsPerComponent=8,
            ColorSpace=Name.DeviceRGB,
        )
    )
    picture.write(jpeg(), filter=Name.DCTDecode, decode_parms=Dictionary(ColorTransform=1))
    picture.Custom, picture.F = CANARY, f"/home/{CANARY}/x.jpg"
    picture.Metadata = _xmp(pdf)
    icc = Stream(pdf, profile(), N=3)
    page.obj.Resources = Dictionary(
        XObject=Dictionary(Im0=picture),
        ColorSpace=Dictionary(CS0=Array([Name.ICCBased, icc])),
        Font=Dictionary(F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)),
    )
    page.obj.Contents = Stream(pdf, f"BT /F1 12 Tf 10 10 Td ({text}) Tj ET".encode())
    page.obj.Metadata, page.obj.PieceInfo = _xmp(pdf), Dictionary(App=Dictionary(Private=CANARY))
    page.obj.Thumb = Stream(pdf, CANARY.encode())
    page.obj.AA = Dictionary(O=Dictionary(S=Name.JavaScript, JS=CANARY))
    page.obj.Annots = Array(
        [
            pdf.make_indirect(
                Dictionary(
                    Type=Name.Annot,
                    Subtype=Name.Text,
                    Rect=[0, 0, 9, 9],
                    T=CANARY,
                    NM=CANARY,
                    M=CANARY,
                    RC=CANARY,
                    Contents="A remark",
                )
            ),
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Link,
                Rect=[0, 0, 9, 9],
                A=Dictionary(S=Name.Launch, F=f"C:\\Users\\{CANARY}\\x.exe"),
            ),
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Link,
                Rect=[0, 0, 9, 9],
                A=Dictionary(S=Name.URI, URI=f"file:///home/{CANARY}"),
            ),
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Link,
                Rect=[0, 0, 9, 9],
                A=Dictionary(S=Name.URI, URI="https://example.com/kept"),
            ),
        ]
    )
    pdf.Root.Metadata, pdf.Root.Custom = _xmp(pdf), CANARY
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=CANARY)
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=["x", Dictionary(S=Name.JavaScript, JS=CANARY)]))
    pdf.docinfo.Author, pdf.docinfo["/Company"] = CANARY, CANARY
    pdf.trailer.ID = Array([CANARY.encode(), CANARY.encode()])
    pdf.attachments[f"{CANARY}.txt"] = CANARY.encode()
    written = io.BytesIO()
    pdf.save(written, preserve_pdfa=False, fix_metadata_version=False)
    return _with_an_earlier_version(written.getvalue())


def _with_an_earlier_version(content: bytes) -> bytes:
    """Put an object that no table of the file knows any more before its end."""
    end = content.rindex(b"startxref")
    return content[:end] + f"999 0 obj\n({CANARY})\nendobj\n".encode() + content[end:]
