"""What is wrong with this installation, in one sentence each.

In: the settings, the outbox, the root's own list. Out: texts for the top of every page of an admin.
`view/pages.py` and `view/server.py` import it.
"""

from flask_login import current_user

from kaput.view.parts import Parts, parts
from kaput.view.render import ago

NO_MAIL = "No mail is sent: KAPUT_SMTP_HOST is not set."


def problems_of(given: Parts) -> list[str]:
    """Returns everything an admin should know, the mail first."""
    found = [NO_MAIL] if not given.settings.smtp_host else []
    failing = given.store.outbox.last_error()
    if failing is not None:
        error, due = failing
        wait = due - given.clock()
        later = f" Next attempt in {ago(0, wait)}." if wait >= 5 else ""
        found.append(f"{error.rstrip('.')}.{later}")
    return [*found, *given.problems()]


def banners() -> list[str]:
    """Returns the banners of this request's reader; none for anyone but an admin."""
    if not current_user.is_authenticated or not current_user.account.admin:
        return []
    return problems_of(parts())
