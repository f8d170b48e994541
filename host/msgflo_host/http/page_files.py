"""The files of the page: compressed once; a browser revalidates them at each visit."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ETag, web

__all__ = ["Files"]

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".yaml": "text/plain",
    "": "text/plain",
}
_COMPRESSED = (".png", ".woff2")  # by themselves
_LEAST = 512  # bytes; what is smaller fits into one packet anyway


@dataclass(frozen=True, slots=True)
class _Content:
    version: tuple[int, int]  # of the file: modification time in ns, and size
    plain: bytes
    packed: bytes | None
    tag: str


class Files:
    """Serves the files below a folder. A changed file is read again; a browser asks each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contents: dict[str, _Content] = {}

    async def serve(self, request: web.Request, name: str) -> web.Response:
        """Answer with a file, by its path in the folder; raises HTTPNotFound."""
        content = await self._content(name)
        if any(tag.value in (content.tag, "*") for tag in request.if_none_match or ()):
            response = web.Response(status=304)
        elif content.packed is not None and "gzip" in request.headers.get("Accept-Encoding", "").lower():
            response = web.Response(body=content.packed, headers={"Content-Encoding": "gzip"})
        else:
            response = web.Response(body=content.plain)
        if response.status == 200:
            response.content_type = _TYPES[Path(name).suffix]
            if response.content_type.startswith("text/"):
                response.charset = "utf-8"
        # Weak: the same for both forms.
        response.etag = ETag(content.tag, is_weak=True)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Vary"] = "Accept-Encoding"
        return response

    async def _content(self, name: str) -> _Content:
        file = self._folder / name
        parts = name.split("/")
        if any(not part or part.startswith(".") for part in parts) or file.suffix not in _TYPES or "\0" in name:
            raise web.HTTPNotFound
        try:
            status = file.stat()
            version = (status.st_mtime_ns, status.st_size)
            known = self._contents.get(name)
            if known is None or known.version != version:
                known = self._contents[name] = await asyncio.to_thread(_read, file, version)
        except OSError:  # also that of a folder
            raise web.HTTPNotFound from None
        return known


def _read(file: Path, version: tuple[int, int]) -> _Content:
    plain = file.read_bytes()
    packed = None
    if len(plain) >= _LEAST and file.suffix not in _COMPRESSED:
        packed = gzip.compress(plain, 9, mtime=0)
    return _Content(version, plain, packed, hashlib.sha256(plain).hexdigest()[:32])
