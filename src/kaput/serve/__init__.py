"""The processes of a server: a supervisor, the web process and the worker process.

A root: only `cli` imports it, and the tracker inside an application.

`start.py` keeps to the standard library for a quick start; `supervisor.py`, which lives as long as the server, to the
least of it.
"""
