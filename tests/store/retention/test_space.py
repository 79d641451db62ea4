"""Space that is really given back: the free list falls by the step, and the file shrinks."""

from pathlib import Path

from kaput.store.base import Limits, Store
from kaput.store.engine import Database
from kaput.store.retention.space import LARGEST_LOG, count_pages, cut_log, free_pages
from tests.store.retention.filling import PAYLOAD, every, fill


def test_a_step_frees_as_many_pages_as_it_says(store: Store, path: Path) -> None:
    """`freelist_count` falls by exactly the pages of the step, and so does the number of pages."""
    fill(path, 1, every(60.0, 3000), payload=PAYLOAD * 10)
    list(store.retention.crowd(Limits(events_per_issue=10)))
    database = Database(path)
    before = count_pages(database)
    assert before.free > 200
    free_pages(database, 150)
    after = count_pages(database)
    database.close()
    assert (before.free - after.free, before.total - after.total) == (150, 150)


def test_the_file_shrinks(store: Store, path: Path) -> None:
    """After a thinning nearly all of the file is given back, all but the reserve, and the log is empty."""
    fill(path, 1, every(60.0, 3000), payload=PAYLOAD * 10)
    list(store.retention.crowd(Limits(events_per_issue=10)))
    large, spare = path.stat().st_size, store.retention.pages().free
    swept = sum(one.rows for one in store.retention.give_back(20))
    pages = store.retention.pages()
    assert (swept, pages.free) == (spare - 20, 20)
    assert path.stat().st_size == pages.total * pages.size == large - swept * pages.size
    assert path.with_name("kaput.db-wal").stat().st_size == 0
    assert list(store.retention.give_back(20)) == []


def test_the_log_is_cut_when_nobody_reads(store: Store, path: Path) -> None:
    """A reader keeps the log for as long as it reads; nobody waits for it."""
    database = Database(path)
    with database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM event").scalar()
        store.facts.set("address", "x" * 1000)
        assert not cut_log(database)
    assert cut_log(database)
    assert path.with_name("kaput.db-wal").stat().st_size == 0
    with database.raw() as driver:
        assert driver.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    database.close()


def test_a_log_that_has_grown_is_cut(store: Store, path: Path) -> None:
    """A log above its bound is written back and cut, also when no page is free; a small one is left alone."""
    log = path.with_name("kaput.db-wal")
    database = Database(path)
    with database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM event").scalar()
        fill(path, 1, every(60.0, 1000), payload=PAYLOAD * 20)
        small = log.stat().st_size
        assert list(store.retention.give_back(0)) == []
        assert log.stat().st_size == small
        fill(path, 2, every(60.0, 1000), payload=bytes(LARGEST_LOG // 1000))
    database.close()
    assert store.retention.pages().log == log.stat().st_size > LARGEST_LOG
    assert list(store.retention.give_back(0)) == []
    assert store.retention.pages().log == 0
