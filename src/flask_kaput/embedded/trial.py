"""A try of the mail server. In: the settings of mails. Out: a test mail, or what the server said instead.

`check.py` is handed these functions by `extension.py`, which loads them when a mail server is set.
"""

import time

from kaput.config import Settings
from kaput.tell.mail import Composer
from kaput.tell.probe import send_test
from kaput.tell.smtp import SmtpChannel

ORIGIN = "flaskcheck"


def probe(settings: Settings) -> None:
    """Connects, logs in and names the sender, and leaves without a mail; raises MailFailed."""
    SmtpChannel(settings).probe()


def send(settings: Settings, address: str) -> None:
    """Sends the tracker's test mail to an address; raises MailFailed with the server's words."""
    composer = Composer(settings.sender, f"{ORIGIN}{time.time_ns()}")
    send_test(SmtpChannel(settings), composer, lambda: settings.url, time.time, address)
