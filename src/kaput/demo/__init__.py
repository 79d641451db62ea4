"""What `kaput demo` adds to the server: a small broken shop and a mail catcher, each a process of its own.

A root: it may import everything, and nobody but the command line imports it. A server never loads it.
"""
