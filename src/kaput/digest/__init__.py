"""Stage 3, digest: a record becomes an event and its issue; pure until `worker.py`."""
