"""Accounts, for admins.

In: a form. Out: the list of accounts, and another account. `view/pages.py` imports it.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kaput.errors import Conflict
from kaput.view.access import admin_only
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


def _page(problem: str) -> str:
    accounts = parts().store.accounts.all()
    return render_template("people.html", accounts=accounts, problem=problem, email=request.form.get("email", ""))
