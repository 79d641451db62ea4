"""Which of two releases is the newer one, by what their names say.

In: names of releases. Out: a comparison, or nothing where names cannot tell. Pure; `store/comebacks.py` and
`store/decisions.py` import it.

A name is read as a semantic version (https://semver.org), with or without a package (`shop@2.4.1`, as SDKs write it), a
leading `v`, and a part of its three numbers. Of other names, hashes and dates among them, the order in which they came
has to tell.
"""

from collections.abc import Callable

LONGEST = 100
"""Characters of a name that may be a version: no program writes longer ones."""


def compare(one: str, other: str) -> int | None:
    """Returns a number above 0 when the first release is newer, below 0 when it is older; None when names cannot tell.

    Releases of different packages are not compared. What follows a `+` has no part in it: two builds of a version are
    equal, which is 0.
    """
    if max(len(one), len(other)) > LONGEST:
        return None
    package, _, version = one.rpartition("@")
    other_package, _, other_version = other.rpartition("@")
    if package != other_package:
        return None
    from semver import Version

    try:
        first, second = (
            Version.parse(text.removeprefix("v"), optional_minor_and_patch=True) for text in (version, other_version)
        )
    except ValueError:
        return None
    return first.compare(second)


def newer(release: str, base: str, came: Callable[[str], float | None]) -> bool:
    """Answers whether a release is newer than another one: by version, else by the order in which they came.

    Args:
        release: that may be newer.
        base: the other.
        came: answers when the first event of a release came, as any number that grows; None when none is known.
    """
    if release == base:
        return False
    told = compare(release, base)
    if told:
        return told > 0
    first, other = came(release), came(base)
    return first is None if other is None or first is None else first > other
