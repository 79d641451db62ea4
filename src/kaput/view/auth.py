"""Getting in and out: the one-time set-up link, login, logout, one's own password.

In: forms. Out: a session, or a page that says why not. `view/pages.py` registers `blueprint`;
`view/bulk.py` and `view/searches.py` import `is_local`.
"""

import hmac
import math
import secrets
from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from kaput.errors import Conflict
from kaput.store.base import AccountRow
from kaput.view.access import Person, viewer
from kaput.view.failures import Answer, failure
from kaput.view.parts import parts
from kaput.view.render import plural
from kaput.view.secret import setup_token
from kaput.view.throttle import Throttle, peer_name

blueprint = Blueprint("auth", __name__)

THROTTLE = "kaput_throttle"
"""The name under which `app.extensions` holds the `Throttle`."""

TRIES_PER_ADDRESS = 5
TRIES_PER_PEER = 30
WRONG = "The address or the password is wrong."
OTHER_LINK = (
    "This is not the set-up link of this server. Copy the whole line from where kaput serve was started, or make an "
    "account there with: kaput user add EMAIL --admin"
)


@blueprint.route("/setup", methods=["GET", "POST"])
def setup() -> str | Answer | Response:
    """Makes the first account, for whoever holds the link, while there is none."""
    token = request.values.get("token", "")
    if parts().store.accounts.any():
        return render_template("setup_done.html"), 410
    if not hmac.compare_digest(token.encode(), setup_token(parts().secret).encode()):
        return failure(403, OTHER_LINK)
    if request.method == "GET":
        return render_template("setup.html", token=token, email="", problem="")
    email, password = _credentials()
    try:
        account = parts().store.accounts.add_first(email, password)
    except Conflict:
        return render_template("setup_done.html"), 410
    except ValueError as error:
        return render_template("setup.html", token=token, email=email, problem=str(error)), 400
    _begin(account)
    return redirect(url_for("issues.home"))


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> str | Answer | Response:
    """Lets a person in by address and password."""
    wanted = request.values.get("next", "")
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(url_for("issues.home"))
        return _login_page("", wanted, "")
    email, password = _credentials()
    wait = _count_attempt(email)
    if wait > 0:
        return _too_many(email, wanted, wait)
    account = parts().store.accounts.verify(email, password)
    if account is None:
        return _login_page(email, wanted, WRONG), 401
    _throttle().forget(_pair(email))
    _begin(account)
    return redirect(request.script_root + wanted if is_local(wanted) else url_for("issues.home"))


@blueprint.get("/enter")
def enter() -> Answer | Response:
    """Lets a developer in by the link in his console, as the first admin; the page of a server has none."""
    check, token = parts().enter, request.args.get("token", "")
    if check is None or not check(token, request.remote_addr or ""):
        return failure(404, "There is no such page.")
    admins = sorted((row for row in parts().store.accounts.all() if row.admin), key=lambda row: row.id)
    if not admins:
        return redirect(url_for("auth.setup", token=setup_token(parts().secret)))
    _begin(admins[0])
    return redirect(url_for("issues.home"))


@blueprint.post("/logout")
def logout() -> Response:
    """Ends the session, and the login for whoever copied its cookie."""
    login = current_user.login if current_user.is_authenticated else ""
    logout_user()
    session.clear()
    if login:
        parts().store.accounts.end_login(login, current_app.permanent_session_lifetime.total_seconds())
    return redirect(url_for("auth.login"))


@blueprint.route("/account", methods=["GET", "POST"])
def account() -> str | Answer | Response:
    """Changes one's own password; other sessions of the account end."""
    if request.method == "GET":
        return render_template("account.html", problem="")
    mine = viewer()
    wait = _count_attempt(mine.email)
    if wait > 0:
        return _waiting(render_template("account.html", problem=_wait_text(wait)), wait)
    if parts().store.accounts.verify(mine.email, request.form.get("current", "")) is None:
        return render_template("account.html", problem="The current password is wrong."), 401
    try:
        parts().store.accounts.set_password(mine.email, request.form.get("password", ""))
    except ValueError as error:
        return render_template("account.html", problem=str(error)), 400
    _throttle().forget(_pair(mine.email))
    _begin(parts().store.accounts.get(mine.id))
    flash("The password is changed. All other sessions of your account have ended.", "done")
    return redirect(url_for("auth.account"))


def is_local(path: str) -> bool:
    """Answers whether a path leads to a page of this application and nowhere else.

    Browsers drop control characters and read a backslash as a slash, so neither may occur.
    """
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return False
    if any(ord(character) < 33 or ord(character) == 127 for character in path):
        return False
    split = urlsplit(path)
    return not split.scheme and not split.netloc


def _credentials() -> tuple[str, str]:
    return request.form.get("email", "").strip()[:320], request.form.get("password", "")[:1024]


def _begin(account: AccountRow) -> None:
    session.clear()
    login_user(Person(account, secrets.token_hex(16)))
    session.permanent = True


def _throttle() -> Throttle:
    return cast("Throttle", current_app.extensions[THROTTLE])


def _pair(email: str) -> str:
    return f"{email.casefold()} {peer_name(request.remote_addr or '')}"


def _count_attempt(email: str) -> float:
    peer = peer_name(request.remote_addr or "")
    return _throttle().take([(_pair(email), TRIES_PER_ADDRESS), (peer, TRIES_PER_PEER)])


def _login_page(email: str, wanted: str, problem: str) -> str:
    fresh = not parts().store.accounts.any()
    return render_template("login.html", email=email, next=wanted, problem=problem, fresh=fresh)


def _too_many(email: str, wanted: str, wait: float) -> Answer:
    return _waiting(_login_page(email, wanted, _wait_text(wait)), wait)


def _waiting(page: str, wait: float) -> Answer:
    return page, 429, {"Retry-After": str(math.ceil(wait))}


def _wait_text(wait: float) -> str:
    return f"Too many attempts. Try again in {plural(math.ceil(wait / 60), 'minute')}."
