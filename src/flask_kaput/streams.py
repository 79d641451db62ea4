"""Streaming responses. In: a response whose body is made while it is sent. Out: the same, with its errors reported.

Flask has answered when such an error comes: no log, no signal and no handler sees it. `extension.py` attaches it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask, Response, request

from flask_kaput.passage import Passage, Passages
from flask_kaput.report import Reporter


class Stream:
    """The body of a response; an iterator that is closed as the one within."""

    def __init__(self, body: Iterable[Any], passage: Passage, passages: Passages, reporter: Reporter) -> None:
        self._body = body
        self._parts: Iterator[Any] | None = None
        self._passage = passage
        self._passages = passages
        self._reporter = reporter

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> Any:
        token = self._passages.enter(self._passage)
        try:
            if self._parts is None:
                self._parts = iter(self._body)
            return next(self._parts)
        except StopIteration:
            raise
        except Exception as error:
            self._reporter.report(error, handled=False, mechanism="stream")
            raise
        finally:
            self._passages.leave(token)

    def close(self) -> None:
        """Closes the body within, as the server does at the end or when the client is gone."""
        close = getattr(self._body, "close", None)
        if close is None:
            return
        token = self._passages.enter(self._passage)
        try:
            close()
        except Exception as error:
            self._reporter.report(error, handled=False, mechanism="stream")
            raise
        finally:
            self._passages.leave(token)


def attach(app: Flask, passages: Passages, reporter: Reporter) -> None:
    """Watches the streaming responses of an application; files that the server sends itself are left to it."""

    def watch(response: Response) -> Response:
        passage = passages.current()
        if passage is not None:
            # It is gone when the body is made, and when a teardown function fails.
            passage.request = request._get_current_object()  # type: ignore[attr-defined]  # the proxy has it
            if response.is_streamed and not response.direct_passthrough:
                response.response = Stream(response.response, passage, passages, reporter)
        return response

    app.after_request(watch)
