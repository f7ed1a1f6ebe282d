"""A provider's file host, over HTTP: it notes what it is asked, and hands over what it was given."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import werkzeug.serving
from werkzeug.wrappers import Request, Response

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(300)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(300)
WEBP = b"RIFF\x24\x01\x00\x00WEBPVP8 " + bytes(300)
OGG = b"OggS\x00\x02" + bytes(22) + b"\x01\x13OpusHead" + bytes(300)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42" + bytes(300)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\ntrailer\n<<>>\n%%EOF\n"
EXE = b"MZ\x90\x00\x03" + bytes(300)
HTML = b"<!DOCTYPE html><html><body>Sign in</body></html>"


@dataclass
class FileHost:
    """files: by path, what is answered. asked: the paths, each with its Authorization header."""

    url: str = ""
    files: dict[str, Response] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def has(self, path: str, content: Any, status: int = 200, **headers: str) -> str:
        """Something is at this path now; its address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.files[path] = Response(content, status, named, direct_passthrough=not isinstance(content, bytes))
        return f"{self.url}{path}"

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.asked.append((request.path, request.headers.get("Authorization", "")))
        return self.files.get(request.path, Response(b"", 404))(environ, start_response)


@contextmanager
def filehost() -> Iterator[FileHost]:
    """Serve it."""
    made = FileHost()
    server = werkzeug.serving.make_server("127.0.0.1", 0, made, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()  # looks so often whether it is over
    made.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        server.shutdown()
