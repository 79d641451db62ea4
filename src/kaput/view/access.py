"""Who looks, and what they may see.

In: the account of the session. Out: its projects, one project or one issue; else `NotFound`, so that nobody learns
what exists behind a door that is closed to them. `view/` imports it.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import g
from flask_login import current_user

from kaput.errors import NotFound
from kaput.store.base import AccountRow, IssueRow, ProjectRow
from kaput.view.parts import parts

P = ParamSpec("P")
R = TypeVar("R")


class Person:
    """An account in the shape that Flask-Login asks for.

    Attributes:
        account: the account as the store has it.
        login: names this login among all of them; logging out ends it.
    """

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, account: AccountRow, login: str) -> None:
        self.account = account
        self.login = login

    def get_id(self) -> str:
        """Returns what the session cookie keeps; a change of password changes the epoch and so ends the session."""
        return f"{self.account.id}.{self.account.epoch}.{self.login}"


def load_person(kept: str) -> Person | None:
    """Finds the account of a session; None when it is gone, logged out, or its password was changed since."""
    number, epoch, login = [*kept.split("."), "", ""][:3]
    if not (number.isdecimal() and epoch.isdecimal() and login.isalnum()):
        return None
    try:
        account = parts().store.accounts.in_login(int(number), login)
    except NotFound:
        return None
    return Person(account, login) if account.epoch == int(epoch) else None


def viewer() -> AccountRow:
    """Returns the account that is logged in; raises NotFound when nobody is."""
    if not current_user.is_authenticated:
        raise NotFound("Nobody is logged in. Log in first.")
    return cast("AccountRow", current_user.account)


def visible_projects() -> list[ProjectRow]:
    """Returns the projects that the viewer may see; read once per request."""
    if "projects" not in g:
        g.projects = parts().store.projects.of(viewer())
    return cast("list[ProjectRow]", g.projects)


def visible_project(slug: str) -> ProjectRow:
    """Returns one of the viewer's projects; raises NotFound for any other."""
    for project in visible_projects():
        if project.slug == slug:
            return project
    raise NotFound(f"There is no project {slug!r} among yours.")


def visible_issue(short_id: str) -> IssueRow:
    """Returns an issue of one of the viewer's projects; raises NotFound for any other."""
    issue = parts().store.issues.get(short_id)
    if issue.project_id not in {project.id for project in visible_projects()}:
        raise NotFound(f"There is no issue {short_id!r} in your projects.")
    return issue


def admin_only(view: Callable[P, R]) -> Callable[P, R]:
    """Lets only admins through; to anyone else the page is not there."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not viewer().admin:
            raise NotFound("There is no such page.")
        return view(*args, **kwargs)

    return guarded
