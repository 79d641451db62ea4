"""The page in a real browser: set-up, login, the list, its keys, a phone, the dark."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from werkzeug.serving import make_server

from kaput.model import Filters, SessionCounts
from kaput.store.base import Assign, Prioritise, Priority, ProjectRow, Status
from kaput.view.secret import setup_token
from tests.browser import chromium
from tests.view.site import PASSWORD, SECRET, Site


@dataclass
class Look:
    """A browser and the address of a running page; `complaints` is what the browser's console said against it."""

    browser: Browser
    address: str
    complaints: list[str]

    def page(self, width: int = 1280, scheme: str = "light", zone: str = "Asia/Tokyo") -> Page:
        """Opens an empty page in a new profile."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            timezone_id=zone,
            locale="en-GB",
            base_url=self.address,
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=self.address)
        page = context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def inside(self, path: str, width: int = 1280, scheme: str = "light") -> Page:
        """Opens a page as the admin."""
        page = self.page(width, scheme)
        page.goto("/login")
        page.get_by_label("Email").fill("ada@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda address: "/login" not in address)
        page.goto(path)
        return page

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def look(site: Site, browser: Browser) -> Iterator[Look]:
    server = make_server("127.0.0.1", 0, site.app(smtp_host="mail.test"), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    made = Look(browser, f"http://127.0.0.1:{server.server_port}", [])
    try:
        yield made
    finally:
        for context in browser.contexts:
            context.close()
        server.shutdown()
        thread.join()
        server.server_close()
    assert made.complaints == []


SHOP_PAGES = tuple(
    f"/projects/shop/{name}"
    for name in (
        "setup",
        "settings",
        "feedback",
        "releases",
        "release?version=2.4.1",
        "monitors",
        "issues",
        "rules/new",
    )
)


def test_a_person_sets_up_and_logs_in(site: Site, look: Look) -> None:
    """The link makes the account and leads to the first DSN, which a button copies; later the password opens it."""
    page = look.page()
    page.goto(f"/setup?token={setup_token(SECRET)}")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_text("Nothing has broken yet")).to_be_visible()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    key = site.store.projects.keys(1)[0].public
    assert page.evaluate("navigator.clipboard.readText()") == f"http://{key}@{look.address.removeprefix('http://')}/1"
    page.get_by_label("Account: ada@example.org").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Nothing has broken yet")).to_be_visible()


def test_the_list_is_worked_by_keys(site: Site, shop: ProjectRow, look: Look) -> None:
    """Keys move, select, resolve, undo, search and open; and one shows them all."""
    site.admin()
    issues = [site.break_(shop, "KeyError", f"sku-{index}", age=index + 1) for index in range(3)]
    page = look.inside("/projects/shop/issues")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    for key in "jjxke":
        page.keyboard.press(key)
    expect(page.get_by_text("1 issue resolved.")).to_be_visible()
    assert site.store.issues.get(issues[1].id).status == Status.RESOLVED
    page.keyboard.press("z")
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert site.store.issues.get(issues[1].id).status == Status.UNRESOLVED
    page.keyboard.press("/")
    page.keyboard.type("sku-2")
    page.keyboard.press("Enter")
    expect(page.locator(".issue")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url(f"**/issues/{issues[2].short_id}")


def test_a_key_is_meant_for_the_row_with_the_focus(site: Site, shop: ProjectRow, look: Look) -> None:
    """With nothing selected m mutes the issue that j went to; without a focus it does nothing."""
    site.admin()
    issue, other = (site.break_(shop, "KeyError", value, age=age) for value, age in (("x", 10), ("y", 20)))
    page = look.inside("/projects/shop/issues")
    page.keyboard.press("e")
    for key in "jm":
        page.keyboard.press(key)
    expect(page.get_by_text("1 issue muted.")).to_be_visible()
    states = [site.store.issues.get(one.id).status for one in (issue, other)]
    assert states == [Status.MUTED, Status.UNRESOLVED]


def test_numbers_on_a_phone_are_named(site: Site, shop: ProjectRow, look: Look) -> None:
    """On a phone a word stands before each number, so that one event is not called events."""
    site.admin()
    site.break_(shop, "KeyError", "x", age=0)
    page = look.inside("/projects/shop/issues", width=375)
    words = "one => getComputedStyle(one, '::before').content + getComputedStyle(one, '::after').content"
    named = [number.evaluate(words) for number in page.locator(".issue .n").all()]
    assert named == [f'"{word} "none' for word in ("events", "users", "seen", "age")]


def test_enter_in_a_checkbox_opens_and_does_not_resolve(site: Site, shop: ProjectRow, look: Look) -> None:
    """Enter on a selected row's box opens the issue; no form is sent."""
    site.admin()
    issue = site.break_(shop, "KeyError", "x")
    page = look.inside("/projects/shop/issues")
    page.get_by_label(f"Select {issue.short_id}").check()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/issues/{issue.short_id}")
    assert site.store.issues.get(issue.id).status == Status.UNRESOLVED


def test_buttons_appear_with_the_first_selection(site: Site, shop: ProjectRow, look: Look) -> None:
    """Resolve and mute are out of the way until an issue is selected, and then work by mouse."""
    site.admin()
    issue = site.break_(shop, "KeyError", "x")
    page = look.inside("/projects/shop/issues")
    expect(page.get_by_role("button", name="Mute")).to_be_hidden()
    page.get_by_label(f"Select {issue.short_id}").check()
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_text("1 issue muted.")).to_be_visible()
    assert site.store.issues.get(issue.id).status == Status.MUTED


def test_times_are_in_the_readers_zone(site: Site, shop: ProjectRow, look: Look) -> None:
    """The exact time in the title is that of the reader's clock on the wall."""
    site.admin()
    site.break_(shop, "KeyError", "x", age=0)
    page = look.inside("/projects/shop/issues")
    title = page.locator(".issue .seen time").get_attribute("title")
    assert title is not None
    assert "15 Jan 2027" in title
    assert "17:00:00" in title


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone(site: Site, shop: ProjectRow, look: Look, scheme: str) -> None:
    """At 375 pixels no page scrolls sideways, all tabs are in sight, in light and in dark, and the two differ."""
    site.admin()
    site.store.projects.rename(shop.id, "A project with a name of many words " * 2)
    site.member(email=f"{'long' * 15}@example.org")
    site.lose("1.record", "no object " * 20)
    site.break_(shop, "OperationalErrorOfAVeryLongName" * 4, "x" * 300, times=3)
    site.use(shop, "2.4.1", SessionCounts(10**9, 10**8, crashed=10**8), environment="e" * 64)
    site.use(shop, "r" * 200, SessionCounts(1), environment="live")
    page = look.inside("/issues", 375, scheme)
    for path in ("/issues", "/projects", *SHOP_PAGES, "/people", "/server"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 375, path
    page.goto("/projects/shop/settings")
    expect(page.locator(".tabs").get_by_role("link", name="Settings")).to_be_in_viewport(ratio=1)
    shade = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (float(shade.removeprefix("oklch(").split()[0]) < 0.5) == (scheme == "dark")


def test_text_has_enough_contrast(site: Site, shop: ProjectRow, look: Look) -> None:
    """Inks, accents and states have at least 4.5 to 1 against each surface they stand on, in light and in dark."""
    site.admin()
    for scheme in ("light", "dark"):
        page = look.inside(f"/projects/{shop.slug}/issues", scheme=scheme)
        assert page.evaluate(CONTRAST) == []


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const style = getComputedStyle(document.documentElement);
  const luminance = (name) => {
    canvas.fillStyle = style.getPropertyValue(name);
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pairs = [];
  for (const ink of ["--ink", "--ink-2", "--ink-3", "--accent", "--broken", "--muted", "--resolved", "--info"])
    for (const surface of ["--paper", "--raised", "--sunken"]) pairs.push([ink, surface]);
  for (const name of ["broken", "muted", "resolved", "accent"]) pairs.push([`--${name}`, `--${name}-wash`]);
  pairs.push(["--accent-ink", "--accent"]);
  return pairs.filter(([a, b]) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05) < 4.5;
  }).map((pair) => pair.join(" on "));
}"""


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_limits_and_filters_are_set(look: Look, site: Site, shop: ProjectRow, width: int, scheme: str) -> None:
    """The settings page sets both, says so, and has no sideways scrolling."""
    site.admin()
    page = look.inside("/projects/shop/settings", width, scheme)
    page.get_by_label("Events of default").fill("1000")
    page.get_by_label("Seconds of default").fill("60")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_text("takes 1000 events in 60 seconds")).to_be_visible()
    page.get_by_label("Error types").fill("KeyError\n*Timeout")
    page.get_by_label("Crawlers").check()
    page.get_by_role("button", name="Set the filters").click()
    expect(page.get_by_text("The filters are set.")).to_be_visible()
    assert site.store.projects.filters()[shop.id] == Filters(error_types=("KeyError", "*Timeout"), crawlers=True)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_rule_is_made_tried_and_removed(site: Site, shop: ProjectRow, look: Look) -> None:
    """A rule is typed, previewed, saved, tested, changed, deleted and brought back, with nothing but the mouse."""
    site.admin()
    site.break_(shop, "KeyError", "x", times=25)
    rules, outbox = site.store.rules, site.store.outbox
    page = look.inside("/projects/shop/rules")
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name").fill("Slow checkout")
    page.get_by_label("When").select_option("an issue is new")
    expect(page.get_by_label("How many")).to_be_hidden()
    page.get_by_label("When").select_option("an issue gets so many events in a time")
    page.get_by_label("How many").fill("20")
    page.get_by_label("If, one condition a line").fill("level at least error")
    page.get_by_label("all channels").uncheck()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("status")).to_have_text("In the last 7 days this rule would have fired 1 time.")
    page.get_by_role("button", name="Save").click()
    row = page.locator("li", has_text="Slow checkout")
    expect(row).to_contain_text("When 20 events or more of one issue in 5 min, if level at least error")

    def take() -> None:
        end = time.monotonic() + 10
        while not outbox.newest() and time.monotonic() < end:
            time.sleep(0.01)
        outbox.mark_sent([outbox.newest()], site.clock(), in_digest=False)

    sender = threading.Thread(target=take)
    sender.start()
    row.get_by_role("button", name="Test").click()
    expect(page.get_by_text("ada@example.org took the test alert.")).to_be_visible()
    sender.join()
    page.get_by_role("link", name="Back to the rules").click()
    page.get_by_role("link", name="Slow checkout").click()
    page.get_by_label("How many").fill("30")
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("30 events or more")
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_have_count(1)
    assert rules.of_project(shop.id)[-1].rule.number == 30


def test_who_takes_care_is_seen(site: Site, shop: ProjectRow, look: Look) -> None:
    """The last column names who is assigned, and the priority; on a phone they stand under the numbers."""
    ada, bob = site.admin(), site.member(shop)
    first, second, _ = (site.break_(shop, "KeyError", value) for value in "xyz")
    for issue, account in ((first, ada), (second, bob)):
        site.store.decisions.decide([issue.id], Assign(account.id), ada.id)
    site.store.decisions.decide([second.id], Prioritise(Priority.HIGH), ada.id)
    page = look.inside("/projects/shop/issues")
    rows = [page.locator(".issue", has_text=name) for name in ("SHOP-1", "SHOP-2", "SHOP-3")]
    assert [row.locator(".who").all_inner_texts() for row in rows] == [["you"], ["bob\nhigh"], []]
    boxes = [row.bounding_box() for row in rows]
    assert len({box and box["height"] for box in boxes}) == 1
    page.set_viewport_size({"width": 390, "height": 800})
    who, age = (rows[1].locator(name).bounding_box() for name in (".who", ".age"))
    assert who is not None
    assert age is not None
    assert who["y"] >= age["y"] + age["height"]


def test_menus_of_an_issue_stay_on_a_phone(site: Site, shop: ProjectRow, look: Look) -> None:
    """However the buttons wrap, what a menu offers is on the screen."""
    ada = site.admin()
    issue = site.break_(shop, "KeyError", "x")
    long = site.member(shop, email="someone.with.a.long.name@subsidiary.example.org")
    site.store.decisions.decide([issue.id], Assign(long.id), ada.id)
    page = look.inside(f"/issues/{issue.short_id}", width=390)
    for key in ("E", "M", "a", "."):
        page.locator(f"summary[data-key='{key}']").click()
        box = page.locator("details[open] .menu-list").bounding_box()
        assert box is not None
        assert (box["x"] >= 0, box["x"] + box["width"] <= 390) == (True, True)
        page.locator(f"summary[data-key='{key}']").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
