"""Look at a picture with Pillow: before, after, and where its pixels must be written anew."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageOps, ImageSequence

from mailrelay.rewriting.metadata.nesting import Nesting
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned

_MOST_PIXELS = 30_000_000  # of all frames together, where they are decoded
_MOST_FRAMES = 200


def looked_at(before: bytes, after: bytes, kind: str) -> None:
    """Make sure that a picture is still one, of the same size and colours.

    Its pixels are not decoded: the cleaners that ask here copy the coded picture octet for octet.

    Raises:
        CannotClean: Pillow cannot read one of them, or they differ.
    """
    with _opened(before, kind) as old, _opened(after, kind) as new:
        if (old.size, old.mode) != (new.size, new.mode):
            raise CannotClean("broken-picture")


def cleaned_bmp(content: bytes, _name: str, _nesting: Nesting) -> Cleaned:
    """Write the pixels anew: a profile of a BMP may be the path of a file."""
    return Cleaned(_written_anew(content, "BMP", {}), "image/bmp", ".bmp")


def cleaned_tiff(content: bytes, _name: str, _nesting: Nesting) -> Cleaned:
    """Write the pixels of each page anew: a TIFF is a heap of tags, of which anybody may make more."""
    return Cleaned(
        _written_anew(content, "TIFF", {"compression": "tiff_adobe_deflate"}), "image/tiff", ".tiff"
    )


@contextmanager
def _opened(content: bytes, kind: str) -> Iterator[Image.Image]:
    """Open with one reader only: a file may look like another to the next one.

    Whatever a reader raises on octets that somebody chose means the same: the picture is broken.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=(kind,)) as picture:
                yield picture
    except CannotClean:
        raise
    except Image.DecompressionBombError:
        raise CannotClean("too-large") from None
    except Exception:  # noqa: BLE001 - see above
        raise CannotClean("broken-picture") from None


def _written_anew(content: bytes, kind: str, options: dict[str, str]) -> bytes:
    """Return a picture of the same pixels.

    Raises:
        CannotClean: The format, as Pillow writes it, cannot hold them.
    """
    with _opened(content, kind) as picture:
        pages = list(_pages(picture))
    written = io.BytesIO()
    several = {"save_all": True, "append_images": pages[1:]} if len(pages) > 1 else {}
    try:
        pages[0].save(written, kind, **several, **options)
    except (OSError, ValueError, KeyError):
        raise CannotClean("picture-mode") from None
    with _opened(written.getvalue(), kind) as picture:
        if list(_pages(picture)) != pages:
            raise CannotClean("picture-mode")
    return written.getvalue()


def _pages(picture: Image.Image) -> Iterator[Image.Image]:
    """Yield each frame, upright, as pixels and palette alone."""
    left = _MOST_PIXELS
    for number, frame in enumerate(ImageSequence.Iterator(picture)):
        left -= frame.width * frame.height
        if left < 0 or number >= _MOST_FRAMES:
            raise CannotClean("too-large")
        upright = ImageOps.exif_transpose(frame)
        bare = Image.frombytes(upright.mode, upright.size, upright.tobytes())
        palette = upright.getpalette()
        if palette is not None:
            bare.putpalette(palette)
        yield bare
