"""Requests to Airbyte with refusals in words: what a person must change, and lists that are read by offset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from expectations.declare.errors import Misconfigured
from tasks.adapters.airbyte_sdk import Answered, ApiClient, Payload

PAGE = 100


class Requests:
    """Reads and harmless writes of one client; an error status becomes `Misconfigured` with advice."""

    def __init__(self, client: ApiClient) -> None:
        self.client = client

    def read(self, call: Callable[[], object], *, advice: str = "") -> Payload:
        """The answer; asked again while the server is unwell."""
        try:
            return self.client.read(call)
        except Answered as error:
            raise self.refused(error, advice=advice) from error

    def listed(self, call: Callable[[], object]) -> list[Payload]:
        """The items of one page."""
        return list(self.read(call).get("data") or ())

    def paged(self, path: str, **query: object) -> Iterator[Payload]:
        """All items of a list, page by page."""

        def page(offset: int) -> list[Payload]:
            return self.listed(self.client.plain("GET", path, query={**query, "limit": PAGE, "offset": offset}))

        return pages(page)

    def patch(self, path: str, body: Mapping[str, object]) -> Payload:
        """Change the given fields; sent again while the server is unwell, as the same change twice is one."""
        return self.read(self.client.plain("PATCH", path, body=body))

    def post(self, path: str, body: Mapping[str, object]) -> Payload:
        """Create something. Not repeated: `Unclear` when nobody knows whether it exists now."""
        try:
            return self.client.once(self.client.plain("POST", path, body=body))
        except Answered as error:
            raise self.refused(error) from error

    def refused(self, error: Answered, *, advice: str = "") -> Misconfigured:
        """What to do about an error status."""
        names = "PLUMBLINE_AIRBYTE_CLIENT_ID and PLUMBLINE_AIRBYTE_CLIENT_SECRET"
        usual = {
            401: f"Check {names}",
            403: f"Give the application of {names} the role of a workspace runner, of an editor for backfills",
        }
        return Misconfigured(
            f"Airbyte refused the request ({error})",
            where=self.client.config.url,
            do=usual.get(error.status, advice or "Check the connection in Airbyte"),
        )


def pages(page: Callable[[int], list[Payload]]) -> Iterator[Payload]:
    """All items by offset: the server's `next` may point to a host that is not reachable from here."""
    offset = 0
    while True:
        items = page(offset)
        yield from items
        if len(items) < PAGE:
            return
        offset += len(items)
