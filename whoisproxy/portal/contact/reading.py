"""Read a form with files (RFC 7578) while it comes, and keep no more of it than is taken.

What is too much is read on and thrown away, within bounds, so that whoever wrote too much is told, and keeps
his text.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import BodyPartReader, web

from whoisproxy.domain.contact_form import LONGEST_TEXT, Attachment, FormLimits
from whoisproxy.domain.errors import Unavailable

_FIELD_OCTETS = 4 * LONGEST_TEXT + 1024  # of UTF-8
_MOST_PARTS = 60
_WITHIN_S = 120.0
_AT_ONCE = 16
_SPARE_OCTETS = 1024 * 1024  # of fields, and of what stands around files


class Excess(StrEnum):
    """What was too much."""

    FILES = "files"
    OCTETS = "octets"


@dataclass(slots=True)
class Filled:
    """What a browser has sent; all of it is a stranger's.

    Attributes:
        fields: The first value of each name.
        excess: What of the files was too much: none is kept then.
    """

    fields: dict[str, str] = field(default_factory=dict, repr=False)
    files: list[Attachment] = field(default_factory=list, repr=False)
    excess: Excess | None = None


class FormReader:
    """Reads forms, a few at a time.

    Args:
        limits: How much is taken of files.
    """

    def __init__(self, limits: FormLimits) -> None:
        self._limits = limits
        # Of what is thrown away too, so that a browser is not cut off where a little is too much.
        self._most_octets = 3 * limits.attachments_octets + _SPARE_OCTETS
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def read(self, request: web.Request) -> Filled:
        """Return what was sent.

        Raises:
            HTTPRequestEntityTooLarge: It is beyond all use.
            HTTPBadRequest: It is no form, or came too slowly.
            Unavailable: Too many are being read.
        """
        if (request.content_length or 0) > self._most_octets:
            raise web.HTTPRequestEntityTooLarge(self._most_octets, request.content_length or 0)
        if request.content_type != "multipart/form-data":
            return Filled(_texts(await request.post()))
        if self._turns.locked():
            raise Unavailable("too many forms are being read")
        try:
            async with self._turns, asyncio.timeout(_WITHIN_S):
                return await self._read(request)
        except (ValueError, AssertionError, TimeoutError):
            raise web.HTTPBadRequest from None

    async def _read(self, request: web.Request) -> Filled:
        filled, octets, parts = Filled(), 0, 0
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            parts += 1
            if not isinstance(part, BodyPartReader) or parts > _MOST_PARTS:
                raise web.HTTPBadRequest
            content = await self._content(part, octets)
            octets += content.octets
            if part.filename is None:
                filled.fields.setdefault(part.name or "", content.kept.decode(errors="replace"))
            elif content.octets and filled.excess is None:
                media_type = part.headers.get("Content-Type", "").partition(";")[0].strip()
                filled.files.append(Attachment(part.filename, media_type, bytes(content.kept)))
                self._look(filled, content)
        return filled

    async def _content(self, part: BodyPartReader, before: int) -> "_Content":
        most = _FIELD_OCTETS if part.filename is None else self._limits.attachments_octets
        content = _Content()
        while chunk := await part.read_chunk():
            content.octets += len(chunk)
            if before + content.octets > self._most_octets:
                raise web.HTTPRequestEntityTooLarge(self._most_octets, before + content.octets)
            if content.octets <= most:
                content.kept += chunk
        return content

    def _look(self, filled: Filled, last: "_Content") -> None:
        """Keep no file where there are too many of them, or they are too large."""
        sum_octets = sum(len(one.content) for one in filled.files)
        if len(filled.files) > self._limits.attachments:
            filled.excess = Excess.FILES
        elif max(sum_octets, last.octets) > self._limits.attachments_octets:
            filled.excess = Excess.OCTETS
        if filled.excess is not None:
            filled.files.clear()


@dataclass(slots=True)
class _Content:
    kept: bytearray = field(default_factory=bytearray)
    octets: int = 0


def _texts(form: Mapping[str, object]) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}
