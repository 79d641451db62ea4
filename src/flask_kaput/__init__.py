"""The Flask extension of Kaput. In: an application and its settings. Out: its errors, told to a Kaput.

Applications import from here; the names below are the whole interface.
"""

from flask_kaput.documents import config_from_yaml
from flask_kaput.errors import ConfigurationError
from flask_kaput.extension import Kaput, run
from flask_kaput.formatters import FILE_FORMAT, MAIL_FORMAT, Formatter
from flask_kaput.incident import answer, feedback_form, reference
from flask_kaput.json_lines import JsonFormatter
from flask_kaput.settings import Settings
from flask_kaput.state import State, request_id, state_of

__all__ = [
    "FILE_FORMAT",
    "MAIL_FORMAT",
    "ConfigurationError",
    "Formatter",
    "JsonFormatter",
    "Kaput",
    "Settings",
    "State",
    "answer",
    "config_from_yaml",
    "feedback_form",
    "reference",
    "request_id",
    "run",
    "state_of",
]
