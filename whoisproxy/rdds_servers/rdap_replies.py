"""RDAP answers as they go over the wire: status, headers that every one has, and body.

A `Reply` is what aiohttp's connection sends in place of a `web.Response`, which would put its headers
together anew each time, at a good part of the cost of a query.
"""

import time
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol, cast

import orjson
from aiohttp import HttpVersion11
from aiohttp.web import BaseRequest

from whoisproxy.publication.answer import Answer
from whoisproxy.rdds_servers.rdap_negotiation import Coding, has_already

# How long a copy may be used without asking, and so how long a switch to privacy may stay unseen.
MAX_AGE_S = 30

_CONTENT_TYPE = "application/rdap+json"
_START = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_EVERYWHERE = "Access-Control-Allow-Origin: *\r\nX-Content-Type-Options: nosniff\r\n"
_PLAIN_TYPE = f"Content-Type: {_CONTENT_TYPE}\r\n"
_OF_ERRORS = "Cache-Control: no-cache\r\n"
# Whoever sends credentials is not to get what a cache has for all, nor all what was for him.
_OF_ONE = "Cache-Control: no-store\r\n"
_OF_OBJECTS = f"Cache-Control: max-age={MAX_AGE_S}\r\nVary: Accept, Accept-Encoding, Authorization\r\n"
_FOUND = f"{_START[200]}{_EVERYWHERE}{_OF_OBJECTS}"
_UNCHANGED = f"{_START[304]}{_EVERYWHERE}{_OF_OBJECTS}"

# What answers a browser that asks what a page of another origin may ask (Fetch, CORS preflight).
_PREFLIGHT = (
    "Access-Control-Allow-Methods: GET, HEAD\r\n"
    "Access-Control-Allow-Headers: Accept, Authorization, If-None-Match\r\n"
    "Access-Control-Max-Age: 86400\r\n"
    "Allow: GET, HEAD, OPTIONS\r\n"
)


class _Reader(Protocol):
    """The connection that a reply goes over."""

    def await_reading(self) -> None:
        """Note that the client has not taken all that was sent."""
        ...


class Reply:
    """One finished answer.

    aiohttp's connection asks these things of what it sends: to be prepared, to be finished, and whether the
    connection stays.

    Attributes:
        keep_alive: Whether the connection may serve another query; decided when it is sent.
    """

    __slots__ = ("_body", "_head", "keep_alive")

    def __init__(self, head: str, body: bytes = b"", *, closes: bool = False) -> None:
        self._head = head
        self._body = body
        self.keep_alive = not closes

    async def prepare(self, request: BaseRequest) -> None:
        """Send it: to HEAD without its body, which counts in the headers all the same.

        Raises:
            ConnectionError: The client has gone.
        """
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        stays = self.keep_alive and request.keep_alive and request.version == HttpVersion11
        self.keep_alive = stays
        end = "\r\n" if stays else "Connection: close\r\n\r\n"
        body = b"" if request.method == "HEAD" else self._body
        transport.write(f"{self._head}{_date_now()}{end}".encode() + body)
        if transport.get_write_buffer_size():
            cast("_Reader", request.protocol).await_reading()
            await request.writer.drain()

    async def write_eof(self) -> None:
        """Do nothing: all has been sent."""


class _Date:
    """The header `Date`, made once a second."""

    __slots__ = ("_line", "_second")

    def __init__(self) -> None:
        self._second = 0
        self._line = ""

    def __call__(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n"
        return self._line


_date_now = _Date()


def of_object(answer: Answer, coding: Coding, if_none_match: str | None, *, extensions: bool) -> Reply:
    """Return an object, or 304 to whoever has these bytes already.

    Args:
        answer: Its document.
        coding: Of the body; each form has an entity tag of its own (RFC 9110 section 8.8.3.3).
        if_none_match: The header, where it was sent.
        extensions: Whether the media type names the answer's extensions.
    """
    if coding is Coding.IDENTITY:
        tag, body, encoding = f'"{answer.etag}"', answer.body, ""
    else:
        tag, encoding = f'"{answer.etag}-{coding.value}"', f"Content-Encoding: {coding.value}\r\n"
        body = answer.gzip() if coding is Coding.GZIP else answer.zstd()
    media = _with_extensions(answer.body) if extensions else _PLAIN_TYPE
    if if_none_match is not None and has_already(if_none_match, tag):
        return Reply(f"{_UNCHANGED}{media}ETag: {tag}\r\n")
    return Reply(f"{_FOUND}{media}{encoding}ETag: {tag}\r\nContent-Length: {len(body)}\r\n", body)


def of_disclosed(answer: Answer) -> Reply:
    """Return what is for one requester alone: without a validator, and nothing on the way may keep it."""
    length = f"Content-Length: {len(answer.body)}\r\n"
    return Reply(f"{_START[200]}{_EVERYWHERE}{_OF_ONE}{_PLAIN_TYPE}{length}", answer.body)


def of_error(status: int, body: bytes, *headers: str, closes: bool = False) -> Reply:
    """Return an error with its document.

    Args:
        status: Of HTTP.
        body: The document that says the same.
        headers: More lines, such as `Retry-After: 30`.
        closes: Whether the connection cannot go on.
    """
    lines = "".join(f"{line}\r\n" for line in headers)
    head = f"{_START[status]}{_EVERYWHERE}{_PLAIN_TYPE}{_OF_ERRORS}{lines}Content-Length: {len(body)}\r\n"
    return Reply(head, body, closes=closes)


def of_preflight() -> Reply:
    """Return what OPTIONS is told."""
    return Reply(f"{_START[204]}{_EVERYWHERE}{_PLAIN_TYPE}{_PREFLIGHT}")


def _with_extensions(body: bytes) -> str:
    """Return the media type with the extensions that the document declares."""
    names = " ".join(orjson.loads(body)["rdapConformance"])
    return f'Content-Type: {_CONTENT_TYPE};exts_list="{names}"\r\n'
