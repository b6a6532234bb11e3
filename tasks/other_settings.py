"""Other settings for the time of a block, so that the same steps work on another home, warehouse or copy."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tasks.settings import settings


@contextmanager
def other_settings(values: Mapping[str, str]) -> Iterator[None]:
    """This process and those that it starts see these values of the environment; afterwards those of before."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        settings.cache_clear()
