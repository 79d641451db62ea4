"""The processes of a server: a supervisor, the web process and the worker process. A root: only `cli` imports it.

The supervisor and what it imports (`supervisor.py`, `directory.py`) keep to the standard library, for memory and for a
quick start.
"""
