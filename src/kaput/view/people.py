"""Accounts, for admins.

In: forms. Out: the list of accounts; accounts that are made, changed and removed. `view/pages.py` imports it.
"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kaput.errors import Conflict, NotFound
from kaput.view.access import admin_only, viewer
from kaput.view.parts import parts

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.get("")
@admin_only
def index() -> str:
    """Lists the accounts."""
    return _page("")


@blueprint.post("")
@admin_only
def add() -> tuple[str, int] | Response:
    """Makes an account."""
    email = request.form.get("email", "").strip()[:320]
    password = request.form.get("password", "")[:1024]
    try:
        account = parts().store.accounts.add(email, password, admin=request.form.get("admin") == "1")
    except Conflict as error:
        return _page(str(error)), 409
    except ValueError as error:
        return _page(str(error)), 400
    flash(f"{account.email} has an account now. Hand over the password in person; no mail was sent.", "done")
    return redirect(url_for("people.index"))


@blueprint.post("/<account_id>/admin")
@admin_only
def set_admin(account_id: str) -> Response:
    """Makes an account an admin, or an ordinary one."""
    admin = request.form.get("admin") == "1"
    return _change(account_id, lambda email: parts().store.accounts.set_admin(email, admin=admin), "is changed")


@blueprint.post("/remove")
@admin_only
def remove() -> Response:
    """Removes an account."""
    return _change(request.form.get("account", ""), parts().store.accounts.remove, "is removed")


def _change(account_id: str, change: Callable[[str], None], done: str) -> Response:
    email = next((row.email for row in parts().store.accounts.all() if str(row.id) == account_id), "")
    try:
        change(email)
    except (Conflict, NotFound) as error:
        flash(str(error), "error")
        return redirect(url_for("people.index"))
    flash(f"The account {email} {done}.", "done")
    return redirect(url_for("issues.home" if email == viewer().email else "people.index"))


def _page(problem: str) -> str:
    accounts = parts().store.accounts.all()
    return render_template("people.html", accounts=accounts, problem=problem, email=request.form.get("email", ""))
