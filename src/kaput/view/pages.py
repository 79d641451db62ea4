"""The web page as one WSGI application.

In: `Parts` from the root. Out: a Flask application that works at the root of a host and under a path prefix
(SCRIPT_NAME). Only `app/page.py` imports it.

Every page is closed unless its endpoint stands in `OPEN`; every form carries a CSRF token; every answer carries the
headers of `kaput.view.headers`. A view reaches the rest of Kaput by `kaput.view.parts.parts()`, which is
`current_app.extensions["kaput"]`, and decides what may be seen by `kaput.view.access`.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from flask import Flask, redirect, request, url_for
from flask_login import LoginManager, current_user
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from kaput.view import (
    attachments,
    auth,
    bulk,
    channels,
    comment,
    feedback,
    grouping,
    issue,
    issues,
    links,
    merge,
    metrics,
    monitors,
    people,
    projects,
    reasons,
    releases,
    render,
    rules,
    searches,
    server,
    share,
)
from kaput.view.access import load_person, visible_projects
from kaput.view.banners import banners
from kaput.view.chart import bars
from kaput.view.failures import register_failures
from kaput.view.headers import Sessions, seal
from kaput.view.parts import EXTENSION, Parts
from kaput.view.recent import RecentStats
from kaput.view.secret import derived
from kaput.view.throttle import Throttle
from kaput.view.values import end_cut

OPEN = frozenset(
    {"static", "auth.setup", "auth.login", "share.show", "auth.enter", "metrics.read", "links.show", "links.act"}
)
"""Endpoints that answer without a login."""

LARGEST_FORM = 256 * 1024
"""Bytes of the largest form that is read."""


def create_pages(parts: Parts) -> Flask:
    """Makes the application.

    Args:
        parts: what it shows and what it may set in motion.
    """
    app = Flask(__name__)
    https = parts.settings.url.startswith("https://")
    app.secret_key = derived(parts.secret, "kaput-session")
    app.session_interface = Sessions(always_secure=https)
    app.config.update(
        SESSION_COOKIE_NAME="kaput_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        SESSION_REFRESH_EACH_REQUEST=False,  # else a static file, which caches share, would carry the cookie
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        WTF_CSRF_TIME_LIMIT=None,  # the session ends it; a page may stay open all day
    )
    app.extensions[EXTENSION] = parts
    app.extensions[auth.THROTTLE] = Throttle(parts.clock)
    app.extensions[metrics.RECENT] = RecentStats(parts.read_stats, parts.clock)
    CSRFProtect(app).exempt(links.blueprint)  # what may be done stands in the link itself, signed
    _add_login(app)
    _add_rendering(app, parts)
    register_failures(app)
    app.after_request(seal)
    for module in (
        auth,
        channels,
        issues,
        searches,
        links,
        issue,
        bulk,
        comment,
        merge,
        feedback,
        attachments,
        releases,
        rules,
        monitors,
        projects,
        grouping,
        people,
        server,
        share,
        metrics,
    ):
        app.register_blueprint(module.blueprint)
    return app


def _add_login(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # the epoch ends sessions; an address may change on the way to work
    manager.user_loader(load_person)
    app.before_request(_require_login)


def _require_login() -> Response | None:
    if request.endpoint is None or request.endpoint in OPEN or current_user.is_authenticated:
        return None
    wanted = request.full_path.removesuffix("?") if request.method == "GET" and request.path != "/" else None
    return redirect(url_for("auth.login", next=wanted))


def _add_rendering(app: Flask, parts: Parts) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        ago=lambda seconds: render.ago(seconds, parts.clock()),
        ago_in_words=lambda seconds: render.ago_in_words(seconds, parts.clock()),
        until=lambda seconds: render.until(seconds, parts.clock()),
        length_of=render.length,
        iso=render.iso,
        exact=render.exact,
        number=render.number,
        bytes=render.size,
        cut_middle=render.cut_middle,
        end_cut=end_cut,
        bars=bars,
        words_of=reasons.words_of,
    )
    app.jinja_env.globals.update(
        asset=_assets(Path(__file__).parent / "static"),
        banners=banners,
        plural=render.plural,
        visible_projects=visible_projects,
    )


def _assets(folder: Path) -> Callable[[str], str]:
    """Returns a function that gives the address of a static file, with its content's hash as the version."""
    versions = {
        path.name: hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()
        for path in folder.iterdir()
        if path.is_file()
    }

    def asset(name: str) -> str:
        return url_for("static", filename=name, v=versions[name])

    return asset
