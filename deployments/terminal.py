"""How commands speak to a person at a terminal."""

from __future__ import annotations

# People at a terminal read our lines; Prefect's own go to its UI, with their tracebacks.
QUIET = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
