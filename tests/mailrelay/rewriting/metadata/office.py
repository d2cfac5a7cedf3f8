"""Office Open XML and OpenDocument files with a canary in every place where they let somebody be named."""

# ruff: noqa: E501 - XML that others write has long lines

from tests.mailrelay.rewriting.metadata.files import CANARY, archive, jpeg, png

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<!-- NAME -->'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_OUTSIDE = ' TargetMode="External"'
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"


def _named(members: dict[str, str | bytes]) -> bytes:
    return archive(
        {
            name: octets if isinstance(octets, bytes) else octets.replace("NAME", CANARY).encode()
            for name, octets in members.items()
        },
        comment=CANARY.encode(),
    )


def _types(*overrides: tuple[str, str]) -> str:
    rows = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides)
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="jpeg" ContentType="image/jpeg"/>{rows}</Types>'
    )


def _relationships(*rows: tuple[str, str, str]) -> str:
    body = "".join(
        f'<Relationship Id="{number}" Type="{_OFFICE}/relationships/{kind}" Target="{target}"'
        f"{_OUTSIDE if ':' in target else ''}/>"
        for number, kind, target in rows
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{body}</Relationships>'


_CORE = f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"><x>NAME</x></cp:coreProperties>'
_ROOT = _relationships(
    ("rId1", "officeDocument", "word/document.xml"), ("rId2", "core-properties", "docProps/core.xml")
)


def docx(**more: bytes) -> bytes:
    document = f"""{_HEAD}<w:document xmlns:w="{_WORD}" xmlns:r="{_OFFICE}/relationships"
 xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"><w:body>
<w:p w:rsidR="00AB12CD" w:rsidRDefault="00AB12CD"><w:ins w:id="1" w:author="NAME" w:date="2026-01-02T03:04:05Z">
<w:r w:rsidRPr="00AB12CD"><w:t>Text that is shown</w:t></w:r></w:ins>
<w:r><w:rPr><w:rPrChange w:id="2" w:author="NAME" w:date="2026-01-02T03:04:05Z"/></w:rPr></w:r>
<w:cellDel w:id="3" w:author="NAME" w:date="2026-01-02T03:04:05Z"/>
<w:r><w:instrText>INCLUDEPICTURE "C:\\\\Users\\\\NAME\\\\x.png"</w:instrText></w:r>
<wp:docPr id="1" name="Picture 1" descr="C:\\Users\\NAME\\x.png"/>
<w:hyperlink r:id="rId4"><w:r><w:t>a link</w:t></w:r></w:hyperlink></w:p></w:body></w:document>"""
    settings = f"""{_HEAD}<w:settings xmlns:w="{_WORD}" xmlns:r="{_OFFICE}/relationships">
<w:attachedTemplate r:id="rId1"/><w:rsids><w:rsidRoot w:val="00AB12CD"/></w:rsids><w:docVars>
<w:docVar w:name="x" w:val="NAME"/></w:docVars><w:zoom w:percent="100"/></w:settings>"""
    return _named(
        {
            "[Content_Types].xml": _types(
                ("/word/document.xml", "application/vnd.ms.main+xml"), ("/docProps/core.xml", "core")
            ),
            "_rels/.rels": _ROOT,
            "docProps/core.xml": _CORE,
            "docProps/app.xml": f"{_HEAD}<p><Company>NAME</Company></p>",
            "docProps/custom.xml": f"{_HEAD}<p>NAME</p>",
            "docProps/thumbnail.jpeg": jpeg(),
            "docMetadata/LabelInfo.xml": f"{_HEAD}<p>NAME</p>",
            "customXml/item1.xml": f"{_HEAD}<p>NAME</p>",
            "word/document.xml": document,
            "word/_rels/document.xml.rels": _relationships(
                ("rId1", "image", "media/image1.jpeg"),
                ("rId2", "settings", "settings.xml"),
                ("rId3", "people", "people.xml"),
                ("rId4", "hyperlink", "file:///C:/Users/NAME/x.docx"),
                ("rId5", "customXml", "../customXml/item1.xml"),
            ),
            "word/people.xml": f'{_HEAD}<w:people xmlns:w="{_WORD}"><w:person w:author="NAME"/></w:people>',
            "word/comments.xml": f'{_HEAD}<w:comments xmlns:w="{_WORD}"><w:comment w:author="NAME" w:initials="NAME" '
            'w:id="0" w:date="2026-01-02T03:04:05Z"><w:p>A remark</w:p></w:comment></w:comments>',
            "word/settings.xml": settings,
            "word/_rels/settings.xml.rels": _relationships(
                ("rId1", "attachedTemplate", "file:///C:/Users/NAME/x.dotm")
            ),
            "word/media/image1.jpeg": jpeg(),
            **{name.replace("__", "/").replace("_dot_", "."): octets for name, octets in more.items()},
        }
    )


def xlsx() -> bytes:
    workbook = f"""{_HEAD}<workbook xmlns="{_SHEET}" xmlns:x15ac="http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac"
 xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><fileSharing userName="NAME"/>
<mc:AlternateContent><mc:Choice Requires="x15"><x15ac:absPath url="C:\\Users\\NAME\\Documents\\"/></mc:Choice></mc:AlternateContent>
<sheets><sheet name="Sheet1" sheetId="1"/></sheets><customWorkbookViews><customWorkbookView name="NAME"/></customWorkbookViews></workbook>"""
    sheet = f"""{_HEAD}<worksheet xmlns="{_SHEET}" xmlns:r="{_OFFICE}/relationships"><sheetData><row><c><v>42</v></c></row>
</sheetData><pageSetup orientation="portrait" r:id="rId1"/></worksheet>"""
    return _named(
        {
            "[Content_Types].xml": _types(("/xl/workbook.xml", "x")),
            "_rels/.rels": _ROOT,
            "docProps/core.xml": _CORE,
            "xl/workbook.xml": workbook,
            "xl/worksheets/sheet1.xml": sheet,
            "xl/worksheets/_rels/sheet1.xml.rels": _relationships(
                ("rId1", "printerSettings", "../printerSettings/printerSettings1.bin"),
                ("rId2", "threadedComment", "../threadedComments/threadedComment1.xml"),
            ),
            "xl/printerSettings/printerSettings1.bin": CANARY.encode("utf-16-le"),
            "xl/threadedComments/threadedComment1.xml": f"{_HEAD}<p>NAME</p>",
            "xl/persons/person.xml": f'{_HEAD}<p displayName="NAME"/>',
            "xl/comments1.xml": f'{_HEAD}<comments xmlns="{_SHEET}"><authors><author>NAME</author></authors></comments>',
            "xl/pivotCache/pivotCacheDefinition1.xml": f'{_HEAD}<pivotCacheDefinition xmlns="{_SHEET}" refreshedBy="NAME"/>',
            "xl/media/image1.png": png(),
        }
    )


def pptx() -> bytes:
    return _named(
        {
            "[Content_Types].xml": _types(("/ppt/presentation.xml", "x")),
            "_rels/.rels": _ROOT,
            "docProps/core.xml": _CORE,
            "ppt/presentation.xml": f'{_HEAD}<p:presentation xmlns:p="{_SLIDES}"/>',
            "ppt/slides/slide1.xml": f'{_HEAD}<p:sld xmlns:p="{_SLIDES}"><p:t>Text that is shown</p:t></p:sld>',
            "ppt/commentAuthors.xml": f'{_HEAD}<p:cmAuthorLst xmlns:p="{_SLIDES}"><p:cmAuthor id="0" name="NAME" '
            'initials="NAME"/></p:cmAuthorLst>',
            "ppt/authors.xml": f'{_HEAD}<a:authorLst xmlns:a="http://schemas.microsoft.com/office/powerpoint/2018/8/main">'
            '<a:author id="{1}" name="NAME" initials="N" userId="NAME" providerId="NAME"/></a:authorLst>',
            "ppt/revisionInfo.xml": f"{_HEAD}<p>NAME</p>",
            "ppt/changesInfos/changesInfo1.xml": f"{_HEAD}<p>NAME</p>",
        }
    )


_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def odf(kind: str = "text") -> bytes:
    content = f"""{_HEAD}<office:document-content xmlns:office="{_ODF}:office:1.0" xmlns:text="{_ODF}:text:1.0"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="{_ODF}:meta:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:officeooo="http://openoffice.org/2009/office" xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0">
<office:scripts><x>NAME</x></office:scripts><office:body><text:tracked-changes><office:change-info><dc:creator>NAME</dc:creator>
<dc:date>2026-01-02T03:04:05</dc:date></office:change-info></text:tracked-changes>
<text:p officeooo:rsid="0012ab34">Text that is shown<office:annotation><dc:creator>NAME</dc:creator>
<meta:creator-initials>NAME</meta:creator-initials><loext:sender-initials>NAME</loext:sender-initials>A remark</office:annotation>
<text:author-name>NAME</text:author-name><text:sender-lastname>NAME</text:sender-lastname>
<text:a xlink:href="file:///home/NAME/x.odt">a link</text:a></text:p></office:body></office:document-content>"""
    entries = "".join(
        f'<m:file-entry m:full-path="{path}" m:media-type="text/xml"/>'
        for path in ("/", "content.xml", "meta.xml", "settings.xml", "Thumbnails/thumbnail.png")
    )
    return _named(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": f'{_HEAD}<m:manifest xmlns:m="{_ODF}:manifest:1.0">{entries}</m:manifest>',
            "META-INF/documentsignatures.xml": f"{_HEAD}<p>NAME</p>",
            "content.xml": content,
            "styles.xml": f'{_HEAD}<office:document-styles xmlns:office="{_ODF}:office:1.0"/>',
            "meta.xml": f"{_HEAD}<p>NAME</p>",
            "settings.xml": f"{_HEAD}<p><PrinterName>NAME</PrinterName></p>",
            "manifest.rdf": f"{_HEAD}<p>NAME</p>",
            "Thumbnails/thumbnail.png": png(),
            "Configurations2/accelerator/current.xml": f"{_HEAD}<p>NAME</p>",
            "Pictures/1.jpg": jpeg(),
            "Object 1/meta.xml": f"{_HEAD}<p>NAME</p>",
        }
    )
