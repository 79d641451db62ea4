"""The address that a client library is given.

In: the address of this installation, a key. Out: a DSN. Pure and free of web code: `view/` and the roots import it.
"""

from urllib.parse import urlsplit

from kaput.store.base import KeyRow


def dsn(base_url: str, key: KeyRow) -> str:
    """Returns `http://KEY@HOST:PORT/prefix/ID`, in the form of the Sentry clients.

    Args:
        base_url: scheme, host, port and path prefix under which clients reach this installation.
        key: of the project.
    """
    parts = urlsplit(base_url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{key.public}@{host}{parts.path.rstrip('/')}/{key.project_id}"
