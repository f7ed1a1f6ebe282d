"""Pictures, decoded and drawn anew: what is stored and served was made here, byte for byte."""

import io
from functools import lru_cache
from threading import BoundedSemaphore
from unicodedata import normalize

from PIL import ExifTags, Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

SIDE = 256
"""Pixels. Slack shows 48, and asks for no more than 512."""
MOST_BYTES = 2_000_000
MOST_PIXELS = 16_000_000
"""A photo of today's phones in 2 MB; more would only cost memory."""
WAIT_SECONDS = 5
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
FORMATS = ("PNG", "JPEG", "WEBP")
PAPER, INK = "#ebf0fe", "#1f4bc4"
"""The colors of an AI employee's initials, in both themes, as static/css/tokens.css has them for light."""
LETTERS = 120
MOST_LETTERS = 2


_one_at_a_time = BoundedSemaphore()
"""Each takes much memory for a moment."""


class NotAPictureError(ValueError):
    """These bytes cannot be an employee's picture."""


def reencoded(content: bytes) -> bytes:
    """A square PNG of what is in an uploaded picture, without anything else that the file had. Raises NotAPictureError.

    The type is judged by the content; whatever the file's name says does not matter.
    """
    if len(content) > MOST_BYTES:
        raise NotAPictureError("too large")
    if not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
        raise NotAPictureError("too many pictures at once")
    try:
        return _decoded(content)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPictureError(str(error)) from error
    finally:
        _one_at_a_time.release()


def _decoded(content: bytes) -> bytes:
    """Made small before anything else is done with it: large ones take a hundred megabytes."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise NotAPictureError("too many pixels")
        turn = _turn_of(opened)
        opened.draft("RGB", (4 * SIDE, 4 * SIDE))
        opened.thumbnail((4 * SIDE, 4 * SIDE))
        upright = (opened.transpose(turn) if turn is not None else opened).convert("RGBA")
    square = ImageOps.fit(upright, (SIDE, SIDE))
    return _png(Image.alpha_composite(Image.new("RGBA", (SIDE, SIDE), "white"), square).convert("RGB"))


def _turn_of(opened: Image.Image) -> Image.Transpose | None:
    """How it has to be turned, as the camera wrote down (EXIF 0x0112). Nothing else of that is read."""
    try:
        return TURNS.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - Pillow raises whatever a broken table makes it stumble over
        return None


def letters_of(name: str) -> str:
    """The first letters of a name that can be drawn, as pages show them; empty for a name in another script."""
    plain = normalize("NFKD", name.strip()[:MOST_LETTERS])
    letters = "".join(each for each in plain if each.isascii() and each.isalnum())
    return letters.upper()[:MOST_LETTERS]


@lru_cache(maxsize=256)
def initials(letters: str) -> bytes:
    """A PNG of up to two letters; without any, a face."""
    image = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw = ImageDraw.Draw(image)
    if letters:
        draw.text((SIDE / 2, SIDE / 2), letters, INK, ImageFont.load_default(LETTERS), anchor="mm")
    else:
        _draw_face(draw)
    return _png(image)


def _draw_face(draw: ImageDraw.ImageDraw) -> None:
    draw.rounded_rectangle((64, 84, 192, 188), 28, outline=INK, width=12)
    draw.line((128, 84, 128, 58), INK, 12)
    for x in (104, 152):
        draw.ellipse((x - 10, 122, x + 10, 142), INK)


def _png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()
