"""`kaput check`.

In: the settings. Out: one line for each thing looked at: ok, warn or FAIL, and what to do; exit code 1 when one fails.
Works without a database, with a damaged one, and beside a server that does not answer.
"""

import time
from collections.abc import Iterator

import click

from kaput.cli.findings import (
    Finding,
    Verdict,
    clock_finding,
    database_finding,
    directory_findings,
    disk_finding,
    mail_finding,
    server_findings,
    space_finding,
    waiting_findings,
)
from kaput.cli.options import data_option, load_settings, warn_of_unknown
from kaput.cli.terminal import print_lines
from kaput.config import Settings
from kaput.errors import KaputError, NotFound
from kaput.installation import Installation, open_installation
from kaput.space import measure

STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}


@click.command()
@data_option
def check(data: str | None) -> int:
    """Find out what is wrong with this installation.

    Each line is ok, warn or FAIL, with what to do. Changes nothing, sends nothing; ends with 1 when something fails.
    """
    loaded = load_settings({"data": data})
    warn_of_unknown(loaded)
    failed = False
    for finding in _findings(loaded.settings):
        failed = failed or finding.verdict is Verdict.FAIL
        print_lines([(f"{finding.verdict.value:<4}  {finding.subject}: {finding.text}", STYLES[finding.verdict])])
    return 1 if failed else 0


def _findings(settings: Settings) -> Iterator[Finding]:
    before = list(directory_findings(settings))
    yield from before
    yield disk_finding(settings)
    database = database_finding(settings)
    yield database
    yield mail_finding(settings)
    usable = all(finding.verdict is not Verdict.FAIL for finding in before if finding.subject == "directory")
    if not (usable and database.verdict is Verdict.OK):
        yield clock_finding(time.time, 0.0)
        return
    try:
        with open_installation(settings) as installation:
            yield from _inside(installation)
    except KaputError as error:
        yield Finding(Verdict.FAIL, "opening", str(error))


def _inside(installation: Installation) -> Iterator[Finding]:
    store = installation.store
    yield Finding(Verdict.OK, "schema", "fits this version of Kaput")
    stats, pages = installation.read_stats(), store.retention.pages()
    space = measure(installation.settings, pages.free * pages.size + pages.log)
    yield space_finding(space, store.retention.oldest(), stats.thinned)
    yield from waiting_findings(installation.settings, stats, installation.backlog(), store)
    yield clock_finding(installation.clock, _newest_arrival(installation))
    first = next((project.id for project in store.projects.all() if not project.internal), 1)
    yield from server_findings(store.facts.get("address"), installation.base_url(), first)


def _newest_arrival(installation: Installation) -> float:
    events = installation.store.events
    try:
        return events.by_row(events.last_row()).row.received
    except NotFound:
        return 0.0
