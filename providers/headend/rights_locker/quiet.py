"""Keeps credentials out of the HTTP library's log: they travel in the query of every signed URL (R-14)."""

from __future__ import annotations

import logging


class _WithoutQuery(logging.Filter):
    """Cuts the query off every URL that httpx logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        import httpx  # here, because `headend validate` needs the settings but no HTTP

        if isinstance(record.args, tuple):
            record.args = tuple(arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg for arg in record.args)
        return True


_FILTER = _WithoutQuery()


def hide_queries() -> None:
    """May be called any number of times: a logger takes the same filter once."""
    logging.getLogger("httpx").addFilter(_FILTER)
