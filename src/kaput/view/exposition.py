"""The counts in the text format of Prometheus.

In: what reads the counts. Out: the text. It is loaded with the first scrape, since Prometheus' client loads web servers
of its own; `view/metrics.py` imports it.
"""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from kaput.model import ReadStats

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposed(read_stats: ReadStats) -> bytes:
    """Returns the text of a scrape."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StatsCollector(read_stats))
    return generate_latest(registry)


class StatsCollector(Collector):
    """Makes metrics of the counts, read once for each scrape."""

    def __init__(self, read_stats: ReadStats) -> None:
        self._read_stats = read_stats

    def describe(self) -> list[Metric]:
        """Returns nothing, so that registering reads no counts."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yields every count."""
        stats = self._read_stats()
        yield CounterMetricFamily("kaput_events_accepted", "Events that were acknowledged.", stats.accepted)
        yield CounterMetricFamily("kaput_events_digested", "Events that were digested, duplicates too.", stats.digested)
        yield GaugeMetricFamily("kaput_events_pending", "Events accepted and not yet visible.", stats.pending)
        yield GaugeMetricFamily("kaput_records_dead", "Records that could not be digested.", stats.dead)
        yield GaugeMetricFamily("kaput_issues", "Issues that are stored.", stats.issues)
        yield GaugeMetricFamily("kaput_events_stored", "Events that are stored now.", stats.events)
        yield CounterMetricFamily("kaput_events_thinned", "Events stored once and deleted since.", stats.thinned)
        yield CounterMetricFamily("kaput_sessions", "Sessions that clients told of.", stats.sessions)
        dropped = CounterMetricFamily("kaput_dropped", "What was refused or left out.", labels=["reason"])
        yield _labelled(dropped, stats.dropped)
        yield _labelled(GaugeMetricFamily("kaput_notices", "Notices by state.", labels=["state"]), stats.notices)


def _labelled(family: CounterMetricFamily | GaugeMetricFamily, values: Mapping[str, int]) -> Metric:
    for label, value in sorted(values.items()):
        family.add_metric([label], value)
    return family
