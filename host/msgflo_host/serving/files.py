"""The files of the page: compressed, and asked for again at each visit with an answer of a few bytes if unchanged."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

__all__ = ["serve_file"]

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".yaml": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}
_COMPRESSED = (".png", ".woff2")  # by themselves


def serve_file(folder: Path, request: web.Request, name: str) -> web.FileResponse:
    """Return the answer with a file, by its path in a folder; raises HTTPNotFound."""
    file = folder / name
    parts = name.split("/")
    if any(not part or part.startswith(".") for part in parts) or file.suffix not in _TYPES or "\0" in name:
        raise web.HTTPNotFound
    if not file.is_file():
        raise web.HTTPNotFound
    headers = {"Content-Type": _TYPES[file.suffix], "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    response = web.FileResponse(file, headers=headers)
    if file.suffix not in _COMPRESSED and "gzip" in request.headers.get("Accept-Encoding", "").lower():
        response.enable_compression(web.ContentCoding.gzip)
    return response
