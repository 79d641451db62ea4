"""What a scraper reads."""

from prometheus_client.parser import text_string_to_metric_families

from kaput.model import SessionCounts
from kaput.store.base import ProjectRow
from tests.view.site import Site, visitor


def test_a_scraper_reads_every_count_without_a_login(site: Site, shop: ProjectRow) -> None:
    """The text is Prometheus', and its numbers are those of the stats."""
    site.break_(shop, "KeyError", "'sku-9'", times=3)
    site.lose("1.record", "no object")
    site.use(shop, "2.4.1", SessionCounts(8, crashed=1))
    site.leave_out("unsupported:profile", 9)
    answer = visitor(site.app()).open("/metrics")
    assert answer.content_type.startswith("text/plain; version=")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert (
        samples
        | {
            ("kaput_events_accepted_total",): 4,
            ("kaput_events_digested_total",): 3,
            ("kaput_events_pending",): 0,
            ("kaput_records_dead",): 1,
            ("kaput_issues",): 1,
            ("kaput_events_stored",): 3,
            ("kaput_sessions_total",): 8,
            ("kaput_events_thinned_total",): 0,
            ("kaput_dropped_total", "unsupported:profile"): 9,
        }
        == samples
    )


def test_a_scraper_reads_nothing_but_counts(site: Site, shop: ProjectRow) -> None:
    """No project, title, key or address stands in the text."""
    site.admin()
    site.break_(shop, "KeyError", "'sku-9'", tell="ada@example.org")
    text = visitor(site.app()).get("/metrics").lower()
    secrets = ["shop", "keyerror", "sku-9", "example.org", site.store.projects.keys(shop.id)[0].public]
    assert [word for word in secrets if word in text] == []
    assert 'kaput_notices{state="pending"} 1.0' in text
