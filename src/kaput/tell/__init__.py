"""Stage 5, tell: a change becomes a mail, at least once, never a flood."""
