"""What a file of the site is called when it is served, on this machine or from a bucket."""

from __future__ import annotations

from pathlib import Path

# The machine's own list is not asked: what a page is must not depend on where it is served.
TYPES = {
    ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png",
    ".json": "application/json", ".jsonl": "application/x-ndjson", ".md": "text/markdown", ".txt": "text/plain",
    ".csv": "text/csv", ".woff2": "font/woff2", ".ico": "image/x-icon",
    ".parquet": "application/vnd.apache.parquet",
}  # fmt: skip


def content_type(name: str) -> str:
    """What a browser is told about a file."""
    kind = TYPES.get(Path(name).suffix, "application/octet-stream")
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
