"""The installation that a command works on: its data directory, opened.

In: the `--data` flag. Out: an open `Installation`, projects found by what a person typed. For the commands of
this package.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from kaput.cli.options import load_settings
from kaput.errors import KaputError, NotFound
from kaput.installation import Installation, open_installation
from kaput.store.base import ProjectRow, Store

LONGEST_NUMBER = 18
"""Digits of an id; with more it cannot be one, and the database would not take it."""


@contextmanager
def opened(data: str | None) -> Iterator[Installation]:
    """Opens the data directory, and closes it again.

    Raises:
        ConfigError: the settings cannot be used.
        StartError: the directory cannot be used.
    """
    settings = load_settings({"data": data}).settings
    fresh = not (settings.data / "kaput.db").exists()
    with open_installation(settings) as installation:
        if fresh:  # a mistyped path would look like an installation in which nothing has happened
            click.echo(f"kaput: {settings.data} had no data; it is a new, empty installation now.", err=True)
        yield installation


@contextmanager
def typed_by_a_person() -> Iterator[None]:
    """Turns the store's ValueError about a name, an address or a password into an error fit to be shown."""
    try:
        yield
    except ValueError as error:
        raise KaputError(str(error)) from None


def reference(text: str) -> int | str:
    """Returns what a person typed as an id when it is one, else as it is."""
    digits = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
    return int(text) if digits else text


def find_project(store: Store, wanted: str) -> ProjectRow:
    """Returns the project with this short name or id.

    Raises:
        NotFound: there is none; the message names those that are there.
    """
    projects = store.projects.all()
    for found in projects:
        if found.slug == wanted.lower():
            return found
    for found in projects:
        if found.id == reference(wanted):
            return found
    raise NotFound(f"There is no project {wanted!r}; there are: {', '.join(found.slug for found in projects)}.")


def project_id(store: Store, wanted: str | None) -> int | None:
    """Returns the id of the project with this short name or id; None when none is asked for."""
    return None if wanted is None else find_project(store, wanted).id


def first_project(store: Store) -> ProjectRow:
    """Returns the oldest project that is not Kaput's own."""
    for project in store.projects.all():
        if not project.internal:
            return project
    raise NotFound("There is no project yet; make one with `kaput project add NAME`.")
