"""Streaming responses: their errors are reported, and nothing else about them changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from flask import Response, send_file, stream_with_context
from werkzeug.test import EnvironBuilder

from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import receiving


@pytest.mark.parametrize("in_context", [True, False])
def test_an_error_in_the_middle_of_a_stream_is_reported_once(in_context: bool) -> None:
    """The event has the request and what was logged in the stream, though Flask has left the context."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:

        @app.get("/report")
        def report() -> Response:
            def lines() -> Iterator[str]:
                yield "first"
                app.logger.warning("the paper ends")
                raise OSError("no paper")

            return Response(stream_with_context(lines()) if in_context else lines())

        response = app.test_client().get("/report", headers={"X-Request-ID": "r-1"})
        with pytest.raises(OSError, match="no paper"):
            list(response.iter_encoded())
        response.close()
        [event] = receiver.wait(1)
    value = event["exception"]["values"][0]
    assert (value["type"], value["mechanism"]) == ("OSError", {"type": "stream", "handled": False})
    assert (event["request"]["url"], event["tags"]["request_id"]) == ("http://localhost/report", "r-1")
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["the paper ends"]


def test_a_stream_that_is_closed_early_is_closed_within() -> None:
    """A client that goes away ends the generator, as without us, and that is no error."""
    ended = []
    with receiving() as receiver, application(dsn=receiver.dsn) as app:

        @app.get("/endless")
        def endless() -> Response:
            def lines() -> Iterator[str]:
                try:
                    while True:
                        yield "more"
                finally:
                    ended.append(True)

            return Response(lines())

        response = app.test_client().get("/endless", buffered=False)
        next(response.iter_encoded())
        response.close()
    assert (ended, receiver.requests) == ([True], 0)


def test_a_file_is_left_to_the_server(tmp_path: Path) -> None:
    """What the server may send by itself is handed to it as it was."""
    file = tmp_path / "file.txt"
    file.write_bytes(b"contents")
    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        app.add_url_rule("/file", "file", lambda: send_file(file))
        environ = EnvironBuilder("/file").get_environ()
        given: list[IO[bytes]] = []

        def wrapper(opened: IO[bytes], _size: int) -> IO[bytes]:
            given.append(opened)
            return opened

        environ["wsgi.file_wrapper"] = wrapper
        body = app.wsgi_app(environ, lambda *_: lambda _: None)
        assert given
        assert body is given[0]
        given[0].close()
