"""The tracker as a part of the extension. In: an application and its settings. Out: its `Tracker`, mounted.

`extension.py` imports it when there is no DSN: an application that reports to a server does not load what takes events.
"""

import weakref

from flask import Flask

from flask_kaput.embedded import mount
from flask_kaput.embedded.home import Home
from flask_kaput.embedded.tracker import Tracker
from flask_kaput.mails import NO_SERVER
from flask_kaput.settings import Settings
from flask_kaput.tracker_settings import TrackerSettings


def attach(app: Flask, settings: Settings, own: TrackerSettings) -> Tracker:
    """Puts a tracker inside an application; nothing of it starts before the first request.

    Args:
        app: the application.
        settings: `path`, `admins`.
        own: those of the tracker, as a server has them.
    """
    known = weakref.ref(app)  # signals keep what reports, and that keeps the tracker: it must not keep the application

    def is_(mode: str) -> bool:
        return bool(getattr(known(), mode, False))

    deaf = settings.admins and not own.settings.smtp_host
    warnings = (*own.warnings, NO_SERVER) if deaf else own.warnings
    home = Home(app.name, own.settings, settings.path, settings.admins, lambda: is_("debug"), warnings)
    tracker = Tracker(home, lambda: is_("testing"))
    mount.attach(app, tracker)
    return tracker
