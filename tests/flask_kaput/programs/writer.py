"""One of several processes that write one log file: `writer.py FILE NAME LINES`."""

import sys

from flask import Flask
from flask.logging import default_handler

from flask_kaput import Kaput

file, name, lines = sys.argv[1:]
app = Flask("shop")
Kaput(app, log_file=file, log_file_size="100kB", log_file_keep=1000, log_format="%(message)s")
app.logger.removeHandler(default_handler)
for number in range(int(lines)):
    app.logger.warning("line %s %s %s", name, number, "." * 40)
