"""Stage 6, view: people look."""
