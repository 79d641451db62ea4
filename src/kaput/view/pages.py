"""The web page as one WSGI application.

In: `Parts` from the root. Out: a Flask application that works at the root of a host and under a path prefix
(SCRIPT_NAME). `app.py` mounts it beside the ingest path; nothing else of Kaput imports it.

Every page is closed unless its endpoint stands in `OPEN`; every form carries a CSRF token; every answer carries the
headers of `kaput.view.headers`. A view reaches the rest of Kaput by `kaput.view.parts.parts()`, which is
`current_app.extensions["kaput"]`, and decides what may be seen by `kaput.view.access`.
"""
