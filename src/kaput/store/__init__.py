"""Stage 4, store: issues, events, counters and notices, written in one transaction per batch."""
