"""Lines of text as a PDF: A4 pages in Helvetica. https://opensource.adobe.com/dc-acrobat-sdk-docs/pdfstandards/"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

WIDTH, HEIGHT, MARGIN = 595, 842, 56
LEADING: Final = 20
SIZE: Final = 11
A_PAGE: Final = (HEIGHT - 2 * MARGIN) // LEADING
LONGEST: Final = 64  # characters on the left, beside the amount
RIGHT: Final = 420
Line = tuple[str, str]


def document(lines: Sequence[Line]) -> bytes:
    """The PDF's bytes; each line has text on the left and on the right."""
    pages = [lines[start : start + A_PAGE] for start in range(0, len(lines), A_PAGE)]
    first = 4  # after the catalog, the page list and the font
    numbers = [first + 2 * place for place in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in zip(numbers, pages, strict=True):
        objects += [_page(number + 1), _content(page)]
    return _assemble(objects)


def _page(content: int) -> bytes:
    box, fonts = f"/MediaBox [0 0 {WIDTH} {HEIGHT}]", "/Resources << /Font << /F1 3 0 R >> >>"
    return f"<< /Type /Page /Parent 2 0 R {box} {fonts} /Contents {content} 0 R >>".encode()


def _content(lines: Sequence[Line]) -> bytes:
    drawn = [f"BT /F1 {SIZE} Tf".encode()]
    for place, (left, right) in enumerate(lines):
        y = HEIGHT - MARGIN - place * LEADING
        drawn += [_text(MARGIN, y, left[:LONGEST]), _text(RIGHT, y, right)]
    stream = b"\n".join([*drawn, b"ET"])
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)


def _text(x: int, y: int, words: str) -> bytes:
    escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return b"1 0 0 1 %d %d Tm (%s) Tj" % (x, y, escaped.encode("cp1252", errors="replace"))


def _assemble(objects: Sequence[bytes]) -> bytes:
    """The objects in sequence, then the table of their offsets."""
    written, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return written + head + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(written))
