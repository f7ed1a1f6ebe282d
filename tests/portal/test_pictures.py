"""Employees' pictures: judged by their content, drawn anew, and served to anybody who knows the address."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from agents.models import Agent, Portrait
from agents.pictures import drawing, portraits
from agents.pictures.drawing import NotAPictureError
from tenants.models import AuditEvent
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.people import member
from tests.conftest import Cast


def image(form: str = "PNG", size: tuple[int, int] = (40, 20)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, form)
    return written.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_a_square_png_without_anything_else(form: str) -> None:
    png = drawing.reencoded(image(form) + b"<script>alert(1)</script>")
    with Image.open(io.BytesIO(png)) as made:
        assert (made.format, made.size, made.info) == ("PNG", (256, 256), {})
    assert b"script" not in png


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg/>", image("GIF"), image("BMP"), image()[:60], b"\x89PNG\r\n\x1a\n" + b"0" * 99, b"x" * 2_000_001],
)
def test_what_is_no_picture_is_refused_whatever_its_name_says(content: bytes) -> None:
    with pytest.raises(NotAPictureError):
        drawing.reencoded(content)


def test_a_bomb_of_pixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(NotAPictureError):
        drawing.reencoded(image(size=(60_000, 700)))


@pytest.mark.parametrize(("name", "letters"), [("Rosa", "RO"), ("Élan", "EL"), ("Ü", "U"), ("花子", ""), ("<b>", "B")])
def test_initials_are_letters_that_can_be_drawn_else_a_face(name: str, letters: str) -> None:
    assert drawing.letters_of(name) == letters
    with Image.open(io.BytesIO(drawing.initials(letters))) as made:
        assert (made.format, made.size) == ("PNG", (256, 256))


def test_an_uploaded_picture_shows_everywhere_and_anybody_can_fetch_it(cast: Cast) -> None:
    owner = member(cast.alice, cast.acme)
    with tenant_scope(cast.acme.id):
        rosa = factories.make_agent("Rosa")
    assert portraits.url_of(rosa).endswith("/pictures/initials/RO.png")
    upload = SimpleUploadedFile("rosa.exe", image("JPEG"), content_type="text/html")
    owner.client.post(f"/t/acme/employees/{rosa.id}/picture/", {"picture": upload})
    with tenant_scope(cast.acme.id):
        rosa = Agent.objects.get()
        assert AuditEvent.objects.filter(action="employee.pictured").count() == 1
    assert rosa.picture_path in owner.client.get("/t/acme/employees/").content.decode()
    served = Client().get(rosa.picture_path)
    assert (served.status_code, served["Content-Type"]) == (200, "image/png")
    assert served["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (served["X-Content-Type-Options"], "Set-Cookie" in served) == ("nosniff", False)
    assert Client().get(rosa.picture_path.replace(str(cast.acme.id), str(cast.globex.id))).status_code == 404
    owner.client.post(f"/t/acme/employees/{rosa.id}/picture/", {"remove": "1"})
    assert Client().get(rosa.picture_path).status_code == 404, "what was removed is gone"
    with tenant_scope(cast.acme.id):
        assert Portrait.objects.count() == 0
    assert Client().get("/pictures/initials/RO.png").content == drawing.initials("RO")


def test_a_photo_is_turned_as_the_camera_was_held() -> None:
    photo = Image.new("RGB", (40, 20), "red")
    photo.paste("blue", (20, 0, 40, 20))
    exif = photo.getexif()
    exif[0x0112] = 6
    written = io.BytesIO()
    photo.save(written, "JPEG", exif=exif, quality=95)
    with Image.open(io.BytesIO(drawing.reencoded(written.getvalue()))) as made:
        top, bottom = made.getpixel((128, 20)), made.getpixel((128, 236))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert (top[0] > 200, bottom[2] > 200) == (True, True)


@pytest.mark.parametrize("table", [b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"Exif\x00\x00MM\x00*" + b"\xff" * 40, b"x"])
def test_a_broken_table_of_the_camera_breaks_nothing(table: bytes) -> None:
    written = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(written, "JPEG", exif=table)
    assert drawing.reencoded(written.getvalue())
