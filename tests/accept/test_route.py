import pytest

from kaput.accept import route
from kaput.accept.route import Endpoint, Route
from kaput.errors import Refused


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/7/envelope/", Route(Endpoint.ENVELOPE, 7)),
        ("/api/7/envelope", Route(Endpoint.ENVELOPE, 7)),
        ("/api/12/store/", Route(Endpoint.STORE, 12)),
        ("/api/store/", Route(Endpoint.STORE, None)),
        ("/api/store", Route(Endpoint.STORE, None)),
        ("/api/7/security/", Route(Endpoint.SECURITY, 7)),
        ("/api/7/csp-report", Route(Endpoint.CSP_REPORT, 7)),
        ("/api/7/minidump/", Route(Endpoint.MINIDUMP, 7)),
        ("/api/embed/error-page/", Route(Endpoint.ERROR_PAGE, None)),
    ],
)
def test_paths_of_the_protocol_are_found(path: str, expected: Route) -> None:
    """Each path names its endpoint and its project, with and without the last slash."""
    assert route.find(path) == expected
    assert route.is_ingest(path)


@pytest.mark.parametrize(
    "path",
    [
        "/api/7/",
        "/api/7/chunk-upload/",
        "/api/embed/other/",
        "/api/7/envelope/more/",
        "/api/x/store/",
        "/api/01/envelope",
    ],
)
def test_unknown_ingest_paths_are_404(path: str) -> None:
    """A path below a project, or what is meant for one, that is none of the protocol's is answered here, with a 404."""
    assert route.is_ingest(path)
    with pytest.raises(Refused) as caught:
        route.find(path)
    assert (caught.value.status, caught.value.reason) == (404, "unknown_path")


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/api/", "/api/0/projects/", "/api/0/envelope/", "/api/x/other/", "/api/7"),
        *("/api/storex", "/api/\u0667/other/", "/issues/7/", "//api/7/envelope/", "/api/stores/", "/api/store/x"),
        "/api/" + "9" * 40 + "/",
    ],
)
def test_other_paths_are_left_to_the_page(path: str) -> None:
    """The REST interface, the page and numbers that no project can have are not accept's."""
    assert not route.is_ingest(path)


def test_envelope_needs_a_project() -> None:
    """Only the store endpoint may leave the project to the key."""
    with pytest.raises(Refused) as caught:
        route.find("/api/envelope/")
    assert caught.value.status == 404
