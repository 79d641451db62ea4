"""How well events are grouped: a labelled corpus goes through digest and store, and issues are held against causes.

The corpus is `tests/corpus/grouping/`: real programs that fail in many ways, in many deployments, told by real clients.
The floor of the time is decoding the same events' JSON.
"""

import json
import random
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.bench.machine import machine
from benchmarks.bench.stores import new_store, write
from kaput.digest.fingerprint import group
from kaput.digest.record import digest
from kaput.model import Digested, Event, Record
from tests.corpus.grouping.making import read

ROUNDS = 5
FROM = 1_800_000_000.0


@dataclass(frozen=True)
class Score:
    """How issues and causes agree. A pair is two events; it is right when both share issue and cause, or neither."""

    events: int
    causes: int
    issues: int
    precision: float
    recall: float
    issues_per_cause: float
    merged_functions: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def score(labelled: Sequence[tuple[str, int]]) -> Score:
    """Scores events, each as its cause and its issue."""
    together = Counter(labelled)
    causes = Counter(cause for cause, _ in labelled)
    issues = Counter(issue for _, issue in labelled)
    right, claimed, wanted = (sum(n * (n - 1) // 2 for n in counts.values()) for counts in (together, issues, causes))
    functions = defaultdict(set)
    for cause, issue in together:
        functions[issue].add(cause.partition("#")[0])
    return Score(
        events=len(labelled),
        causes=len(causes),
        issues=len(issues),
        precision=right / claimed,
        recall=right / wanted,
        issues_per_cause=len(together) / len(causes),
        merged_functions=sum(len(found) - 1 for found in functions.values()),
    )


def digested(lines: Sequence[Mapping[str, object]]) -> list[tuple[str, Digested]]:
    """Digests a corpus in a chance order, each event with its cause."""
    chance = random.Random(7)
    found = []
    for index, line in enumerate(lines):
        record = Record(1, uuid.UUID(int=chance.getrandbits(128)).hex, FROM + index, json.dumps(line["event"]).encode())
        event = msgspec.json.decode(record.body, type=dict)
        event["event_id"] = record.event_id
        body = msgspec.json.encode(event)
        found.append((str(line["cause"]), digest(msgspec.structs.replace(record, body=body))))
    chance.shuffle(found)
    return found


def issues_of(items: Sequence[Digested]) -> dict[str, int]:
    """Stores the events; returns the issue of each by its id."""
    with TemporaryDirectory() as folder, new_store(Path(folder) / "kaput.db") as store:
        write(store, items)
        return {row.event_id: row.issue_id for row, _ in store.events.export(1, payload=False)}


def seconds_each(events: Sequence[Event]) -> float:
    """Returns the CPU time that grouping an event takes."""
    begun = time.process_time()
    for _ in range(ROUNDS):
        for event in events:
            group(event)
    return (time.process_time() - begun) / ROUNDS / len(events)


def decoding_each(events: Sequence[Event]) -> float:
    """Returns the CPU time that decoding the JSON of an event takes."""
    bodies = [msgspec.json.encode(event) for event in events]
    begun = time.process_time()
    for _ in range(ROUNDS):
        for body in bodies:
            msgspec.json.decode(body)
    return (time.process_time() - begun) / ROUNDS / len(events)


def _faults(labelled: Sequence[tuple[str, int, str]]) -> None:
    """Prints which causes have several issues, and which issues several causes, with the reasons."""
    for name, key in (("split", 0), ("merged", 1)):
        for one, rows in groupby(sorted(labelled, key=lambda row: (str(row[key]), row)), key=lambda row: row[key]):
            kinds = Counter((row[1 - key], row[2]) for row in rows)
            if len({kind for kind, _ in kinds}) > 1:
                print(f"{name:<7} {one}")
                for (other, reason), count in kinds.items():
                    print(f"        {count:>4} x {other}: {reason[:150]!r}")


def main() -> None:
    """Prints the machine and the figures; with `faults` as its argument also what is split and what is merged."""
    print(machine())
    items = digested(read())
    issues = issues_of([item for _, item in items])
    labelled = [(cause, issues[item.event.event_id], item.grouping.reason) for cause, item in items]
    found = score([(cause, issue) for cause, issue, _ in labelled])
    events = [item.event for _, item in items]
    if sys.argv[1:] == ["faults"]:
        _faults(labelled)
    print(f"grouping                 {found.events} events, {found.causes} causes, {found.issues} issues")
    print(f"pairwise                 precision {found.precision:.4f}   recall {found.recall:.4f}   F1 {found.f1:.4f}")
    print(f"issues per cause         {found.issues_per_cause:.3f}")
    print(f"functions merged         {found.merged_functions}")
    each, floor = seconds_each(events), decoding_each(events)
    print(f"time                     {each * 1e6:.1f} us an event   {each / floor:.2f} of decoding its JSON")


if __name__ == "__main__":
    main()
