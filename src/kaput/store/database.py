"""Opens the store: puts the parts of this stage together behind the seam.

In: the path of a migrated database. Out: a `store.base.Store`. The roots import it, no stage does.
"""

from pathlib import Path

from kaput.model import Clock
from kaput.store.accounts import SqlAccounts
from kaput.store.attachments import Bounds, Shelf, SqlAttachments
from kaput.store.base import Store
from kaput.store.batches import SqlBatches
from kaput.store.channels import SqlChannels
from kaput.store.decisions import SqlDecisions
from kaput.store.drift import Drift
from kaput.store.engine import BUSY_SECONDS, Database
from kaput.store.events import SqlEvents
from kaput.store.facts import SqlFacts
from kaput.store.feedback import SqlFeedbacks
from kaput.store.files import Files
from kaput.store.issues import SqlIssues
from kaput.store.merges import SqlMerges
from kaput.store.monitors import SqlMonitors
from kaput.store.outbox import SqlOutbox
from kaput.store.payload import Payloads
from kaput.store.projects import SqlProjects
from kaput.store.regroupings import SqlRegroupings
from kaput.store.releases import SqlReleases
from kaput.store.removals import SqlRemovals
from kaput.store.retention.sweep import SqlRetention
from kaput.store.rules import SqlRules
from kaput.store.searches import SqlSearches
from kaput.store.trainer import Trainer

FILES = "files"


def open_store(path: Path, clock: Clock, busy_seconds: float = BUSY_SECONDS, bounds: Bounds = Bounds()) -> Store:  # noqa: B008  # frozen
    """Opens the store of a database that `store.migrate.migrate` has brought up to date.

    Args:
        path: the SQLite file; `files/` beside it holds the attachments.
        clock: tells the time.
        busy_seconds: how long a write waits for another program's lock before it raises StoreUnavailable.
        bounds: how much may be attached.
    """
    database = Database(path, busy_seconds)
    drift, payloads = Drift(), Payloads()
    files = Files(path.parent / FILES)
    return Store(
        batches=SqlBatches(database, clock, drift, Shelf(database, files, bounds)),
        projects=SqlProjects(database, clock),
        accounts=SqlAccounts(database, clock),
        issues=SqlIssues(database, payloads, clock),
        searches=SqlSearches(database, clock),
        regroupings=SqlRegroupings(database, payloads, clock),
        removals=SqlRemovals(database, files, payloads, clock),
        merges=SqlMerges(database, clock),
        decisions=SqlDecisions(database, clock),
        events=SqlEvents(database, payloads),
        feedback=SqlFeedbacks(database),
        monitors=SqlMonitors(database, clock),
        releases=SqlReleases(database),
        rules=SqlRules(database, payloads, clock),
        dictionaries=Trainer(database, clock, drift, payloads),
        attachments=SqlAttachments(database, files, clock),
        outbox=SqlOutbox(database, clock),
        channels=SqlChannels(database, clock),
        facts=SqlFacts(database),
        retention=SqlRetention(database, files, clock),
        clock=clock,
        close=database.close,
    )
