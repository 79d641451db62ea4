"""Stage 2, buffer: accepted means on disk. Append-only segments, one `fdatasync` for all who wait."""
