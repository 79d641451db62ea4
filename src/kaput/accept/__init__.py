"""Stage 1, accept: bytes from an SDK become bounded, authorised records; a 2xx only when they are durable."""
