"""The keys and their limits in memory: accept looks at a dictionary, and a thread keeps it as the database has it.

In: what knows the keys. Out: `accept.auth.Keys`. `app/application.py` makes it.
"""

from collections.abc import Sequence
from typing import Protocol

from kaput.accept.auth import Keys
from kaput.accept.quota import Quota
from kaput.store.base import KeyRow


class Source(Protocol):
    """Whatever knows the keys: `store.base.Projects`, or `store.keyring.Keyring`."""

    def keys(self) -> Sequence[KeyRow]:
        """Returns all keys; raises StoreUnavailable."""


class KeyTable:
    """The keys of this moment; replaced whole, so that a request sees one state."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._keys = Keys({}, frozenset())

    def __call__(self) -> Keys:
        """Returns the keys as they were read last."""
        return self._keys

    def refresh(self) -> None:
        """Reads the keys again; raises StoreUnavailable, and then the last ones stay."""
        keys = self._source.keys()
        public = {key.public: key.project_id for key in keys if not key.disabled}
        quotas = {key.public: Quota(key.limit_events, key.limit_seconds) for key in keys if key.limit_events}
        self._keys = Keys(public, frozenset(key.project_id for key in keys), quotas)
