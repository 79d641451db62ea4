"""When a project's people are told: the list of its rules, and the form that makes and changes one.

In: forms of admins. Out: pages. `view/pages.py` imports it.
"""

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from msgspec import structs
from werkzeug.wrappers import Response

from kaput.errors import NotFound
from kaput.model import EVERYBODY, Aim, Preview, Rule, Target, Trigger, span
from kaput.store.base import ProjectRow
from kaput.view.access import admin_only, visible_project
from kaput.view.parts import parts
from kaput.view.trial import Told, outcomes, send, told
from kaput.view.wording import EXAMPLES, WHEN, condition_of, said, seconds_of, sentence, target_of, whom

blueprint = Blueprint("rules", __name__, url_prefix="/projects/<slug>/rules")

DELETED = "deleted_rule"
"""In the session, the rule that can be had back."""
TEST_SECONDS = 10.0
"""How long the answer to a test waits for what came of it."""


@blueprint.get("")
@admin_only
def of_project(slug: str) -> str:
    """Lists the rules of a project."""
    project = visible_project(slug)
    return render_template(
        "rules.html",
        project=project,
        rules=parts().store.rules.of_project(project.id),
        channels=_channels(project),
        sentence=sentence,
        said=said,
        whom=whom,
        deleted=session.get(DELETED),
    )


@blueprint.get("/new")
@admin_only
def new(slug: str) -> str:
    """Shows the form for another rule."""
    project = visible_project(slug)
    return _form(project, Rule(0, project.id, "", Trigger.EVENTS, number=100, seconds=300, targets=EVERYBODY))


@blueprint.get("/<int:rule_id>")
@admin_only
def edit(slug: str, rule_id: int) -> str:
    """Shows the form of a rule."""
    project = visible_project(slug)
    return _form(project, _rule(project, rule_id))


@blueprint.post("/new")
@blueprint.post("/<int:rule_id>")
@admin_only
def save(slug: str, rule_id: int = 0) -> str | tuple[str, int] | Response:
    """Makes or changes a rule."""
    project = visible_project(slug)
    before = _rule(project, rule_id) if rule_id else Rule(0, project.id, "", Trigger.EVENTS)
    store = parts().store.rules
    try:
        rule = _read(project, before)
        if request.form.get("what") == "preview":
            return _form(project, before, given=request.form, preview=parts().preview(rule))
        made = store.change(rule) if rule_id else store.add(rule)
    except ValueError as error:
        return _form(project, before, str(error), request.form), 400
    flash(f"The rule {made.rule.name} is {'changed' if rule_id else 'made'}. It holds from the next event on.", "done")
    return redirect(url_for("rules.of_project", slug=project.slug))


@blueprint.post("/<int:rule_id>/state")
@admin_only
def change(slug: str, rule_id: int) -> Response:
    """Switches a rule on or off, or deletes it."""
    project = visible_project(slug)
    rule, what = _rule(project, rule_id), request.form.get("what")
    store = parts().store.rules
    if what == "delete":
        store.delete(rule.id)
        session[DELETED] = rule.id
        flash(f"The rule {rule.name} is deleted.", "done")
    elif what in {"on", "off"}:
        store.change(structs.replace(rule, enabled=what == "on"))
        flash(f"The rule {rule.name} is {what}.", "done")
    else:
        abort(400)
    return redirect(url_for("rules.of_project", slug=project.slug))


@blueprint.post("/<int:rule_id>/test")
@admin_only
def test(slug: str, rule_id: int) -> Response:
    """Sends a test alert to all whom a rule tells, on the way that alerts take, and waits a moment for what comes."""
    project = visible_project(slug)
    rule = _rule(project, rule_id)
    send(parts().store.outbox, rule, _told(rule), TEST_SECONDS)
    return redirect(url_for("rules.tested", slug=project.slug, rule_id=rule.id))


@blueprint.get("/<int:rule_id>/test")
@admin_only
def tested(slug: str, rule_id: int) -> str:
    """Shows what came of the newest test of a rule, for each recipient."""
    project = visible_project(slug)
    rule = _rule(project, rule_id)
    notices = parts().store.outbox.tested(rule.id)
    return render_template(
        "rule_test.html",
        project=project,
        rule=rule,
        time=notices[0].created if notices else None,
        outcomes=outcomes(_told(rule), notices),
    )


@blueprint.post("/<int:rule_id>/restore")
@admin_only
def restore(slug: str, rule_id: int) -> Response:
    """Brings back the rule that was deleted last."""
    project = visible_project(slug)
    if session.pop(DELETED, None) != rule_id:
        abort(404)
    try:
        back = parts().store.rules.restore(rule_id, project.id).rule
        flash(f"The rule {back.name} is back.", "done")
    except NotFound:
        flash("The rule was deleted more than a day ago.", "error")
    except ValueError as error:
        flash(str(error), "error")
    return redirect(url_for("rules.of_project", slug=project.slug))


def _rule(project: ProjectRow, rule_id: int) -> Rule:
    rules = (row.rule for row in parts().store.rules.of_project(project.id))
    return next((rule for rule in rules if rule.id == rule_id), None) or abort(404)


def _told(rule: Rule) -> list[Told]:
    return told(parts().store, rule, parts().besides, mail=bool(parts().settings.smtp_host))


def _channels(project: ProjectRow) -> dict[int, str]:
    return {channel.id: channel.name for channel in parts().store.channels.all(project.id)}


def _read(project: ProjectRow, before: Rule) -> Rule:
    """Reads the form; raises ValueError for what is none."""
    form = request.form
    trigger = form.get("trigger", "")
    if trigger not in {one.value for one in Trigger}:
        abort(400)
    number = form.get("number", "").strip()
    if number and not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise ValueError(f"{number[:40]!r} is no whole number.")
    channels = _channels(project)
    chosen = [target_of(one, channels) for one in form.getlist("to")]
    chosen += [Target(Aim.ADDRESS, one) for one in form.get("addresses", "").replace(",", " ").split()]
    return structs.replace(
        before,
        name=" ".join(form.get("name", "").split()),
        trigger=Trigger(trigger),
        number=int(number or 0),
        seconds=seconds_of(form.get("within", "") or "0"),
        conditions=tuple(condition_of(line) for line in form.get("conditions", "").splitlines() if line.strip()),
        targets=tuple(chosen),
        pause=seconds_of(form.get("pause", "") or "0"),
    )


def _form(
    project: ProjectRow, rule: Rule, problem: str = "", given: object = None, preview: Preview | None = None
) -> str:
    return render_template(
        "rule.html",
        project=project,
        rule=rule,
        given=given,
        problem=problem,
        preview=preview,
        when=WHEN,
        span=span,
        examples=EXAMPLES,
        conditions="\n".join(said(condition) for condition in rule.conditions),
        channels=_channels(project),
        mails=" ".join(target.value for target in rule.targets if target.aim is Aim.ADDRESS),
        chosen={f"{target.aim.value} {target.value}".strip() for target in rule.targets},
    )
