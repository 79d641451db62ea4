"""What the links of a mail do, without a login: resolve or mute one issue, or send no more mail.

In: a signed token. Out: a page that asks, and after its button, or the one of a mail program (RFC 8058), one that says
what was done. `view/pages.py` imports it.

To open a link changes nothing: programs that look through mails open every link. Whoever holds the link may do what it
says until it expires, and no more; it is void once the recipient is no member of the project any more.
"""

from flask import Blueprint, render_template, request

from kaput.errors import NotFound
from kaput.model import DAY, GOOD_DAYS, Act, Link
from kaput.store.base import AccountRow, Mute, ProjectRow, Resolve
from kaput.view.failures import Answer, failure
from kaput.view.parts import parts

blueprint = Blueprint("links", __name__)

EXPIRED = "The links of a mail are good for {} days. Open the issue's page instead, or the link of a newer mail."


@blueprint.get("/act/<token>")
def show(token: str) -> str | Answer:
    """Asks whether it is meant."""
    link = parts().read_link(token)
    project, _ = _recipient(link)
    return _expired(link) or _page(link, project, token, done=False)


@blueprint.post("/act/<token>")
def act(token: str) -> str | Answer:
    """Does it, and says so."""
    link = parts().read_link(token)
    project, account = _recipient(link)
    late = _expired(link)
    if late:
        return late
    store = parts().store
    if link.act is Act.UNSUBSCRIBE:
        again = request.form.get("again") == "1"
        (store.channels.resubscribe if again else store.channels.unsubscribe)(project.id, link.recipient)
        return _page(link, project, token, done=not again)
    decision = Resolve() if link.act is Act.RESOLVE else Mute(until=parts().clock() + DAY)
    store.decisions.decide([link.issue_id], decision, account.id if account else None)
    return _page(link, project, token, done=True)


def _recipient(link: Link) -> tuple[ProjectRow, AccountRow | None]:
    """Returns the project, and the recipient's account if it has one.

    Raises:
        NotFound: the project is gone, or the account is no member of it any more.
    """
    store = parts().store
    project = store.projects.get(link.project_id)
    address = link.recipient.casefold()
    account = next((one for one in store.accounts.all() if one.email.casefold() == address), None)
    if account is not None and account.id not in {member.id for member in store.projects.members(project.id)}:
        raise NotFound("This link is for members of the project.")
    return project, account


def _expired(link: Link) -> Answer | None:
    return failure(410, EXPIRED.format(GOOD_DAYS)) if link.expires <= parts().clock() else None


def _page(link: Link, project: ProjectRow, token: str, *, done: bool) -> str:
    issue = parts().store.issues.get(link.issue_id) if link.issue_id and link.act is not Act.UNSUBSCRIBE else None
    return render_template(
        "link.html", act=link.act.value, issue=issue, project=project, token=token, done=done, address=link.recipient
    )
