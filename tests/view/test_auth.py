"""Getting in and out."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kaput.view.auth import TRIES_PER_ADDRESS, TRIES_PER_PEER, is_local
from kaput.view.secret import setup_token
from tests.view.site import PASSWORD, SECRET, Site, visitor

LINK = f"/setup?token={setup_token(SECRET)}"


def test_the_link_makes_the_first_admin_and_logs_in(site: Site) -> None:
    """Whoever holds the link makes an admin's account and is in."""
    someone = visitor(site.app())
    answer = someone.send("/setup", LINK, token=setup_token(SECRET), email="ada@example.org", password=PASSWORD)
    assert (answer.status_code, answer.location) == (302, "/")
    assert [(one.email, one.admin) for one in site.store.accounts.all()] == [("ada@example.org", True)]
    assert "ada@example.org" in someone.get("/account")


def test_the_link_is_good_once(site: Site) -> None:
    """When an account exists the link says that set-up is done, and makes no other."""
    someone = visitor(site.app())
    token = someone.get(LINK).split('csrf_token" value="')[1].split('"')[0]
    site.admin()
    assert "Set-up is done" in someone.get(LINK, 410)
    fields = {"csrf_token": token, "token": setup_token(SECRET), "email": "eve@example.org", "password": PASSWORD}
    assert someone.client.post("/setup", data=fields, base_url=someone.base_url).status_code == 410
    assert len(site.store.accounts.all()) == 1


def test_two_at_once_make_one_account(site: Site) -> None:
    """Of people who send the form at the same moment, one gets the account and the others are told."""
    app = site.app()
    people = [visitor(app) for _ in range(4)]
    tokens = [one.get(LINK).split('csrf_token" value="')[1].split('"')[0] for one in people]
    gate = threading.Barrier(len(people))

    def send(index: int) -> int:
        fields = {"csrf_token": tokens[index], "token": setup_token(SECRET), "password": PASSWORD}
        fields["email"] = f"p{index}@example.org"
        gate.wait(10)
        return people[index].client.post("/setup", data=fields, base_url=people[index].base_url).status_code

    with ThreadPoolExecutor(len(people)) as pool:
        assert sorted(pool.map(send, range(len(people)))) == [302, 410, 410, 410]
    assert len(site.store.accounts.all()) == 1


@pytest.mark.parametrize("link", ["/setup", "/setup?token=", "/setup?token=" + "0" * 64, "/setup?token=%FF%C3%A9"])
def test_another_token_opens_nothing(site: Site, link: str) -> None:
    """A link with a wrong token, or none, is refused with what to do."""
    assert "not the set-up link of this server" in visitor(site.app()).get(link, 403)


def test_a_short_password_is_said_on_the_form(site: Site) -> None:
    """The set-up form says what the store finds wrong, and keeps the address that was typed."""
    someone = visitor(site.app())
    answer = someone.send("/setup", LINK, token=setup_token(SECRET), email="ada@example.org", password="short")
    assert answer.status_code == 400
    assert "8 to" in answer.text
    assert 'value="ada@example.org"' in answer.text


def test_a_page_leads_to_login_and_back(site: Site) -> None:
    """Without a login every page leads to the form, and the form back to the page that was wanted."""
    site.admin()
    someone = visitor(site.app())
    first = someone.open("/issues?q=a+b")
    assert first.location == "/login?next=/issues?q%3Da%2Bb"
    answer = someone.send("/login", first.location, email="ada@example.org", password=PASSWORD, next="/issues?q=a+b")
    assert (answer.status_code, answer.location) == (302, "/issues?q=a+b")


@pytest.mark.parametrize(("email", "password"), [("ada@example.org", "wrong horse"), ("eve@example.org", PASSWORD)])
def test_a_wrong_login_does_not_say_which_part(site: Site, email: str, password: str) -> None:
    """A wrong address and a wrong password get the same answer."""
    site.admin()
    someone = visitor(site.app())
    answer = someone.log_in(email, password)
    assert answer.status_code == 401
    assert "The address or the password is wrong." in answer.text
    assert someone.open("/account").status_code == 302


def test_login_is_throttled_for_an_address(site: Site) -> None:
    """After some wrong passwords even the right one waits, and then it works again."""
    site.admin()
    someone = visitor(site.app())
    for _ in range(TRIES_PER_ADDRESS):
        assert someone.log_in("ada@example.org", "wrong horse").status_code == 401
    answer = someone.log_in("ada@example.org")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300")
    assert "Too many attempts. Try again in 5 minutes." in answer.text
    site.clock.now += 300
    assert someone.log_in("ada@example.org").status_code == 302


def test_login_is_throttled_for_a_peer(site: Site) -> None:
    """A peer that tries many addresses waits; another peer does not."""
    site.admin()
    app = site.app()
    someone, other = visitor(app), visitor(app)
    other.peer = "192.0.2.8"
    for index in range(TRIES_PER_PEER):
        assert someone.log_in(f"p{index}@example.org", "wrong horse").status_code == 401
    assert someone.log_in("ada@example.org").status_code == 429
    assert other.log_in("ada@example.org").status_code == 302


def test_logout_takes_a_form(site: Site) -> None:
    """Logging out by a link is refused; the form ends the session."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    assert someone.open("/logout").status_code == 405
    assert someone.send("/logout", "/account").location == "/login"
    assert someone.open("/account").status_code == 302


def test_logout_ends_a_copied_cookie_too(site: Site) -> None:
    """A copy of the cookie opens nothing after its owner logged out; another login of the account goes on."""
    site.admin()
    app = site.app()
    mine, thief, other = visitor(app, "ada@example.org"), visitor(app), visitor(app, "ada@example.org")
    with mine.client.session_transaction(base_url=mine.base_url) as session:
        copied = dict(session)
    with thief.client.session_transaction(base_url=thief.base_url) as session:
        session.update(copied)
    assert thief.open("/account").status_code == 200
    mine.send("/logout", "/account")
    assert thief.open("/account").status_code == 302
    assert other.open("/account").status_code == 200


def test_a_new_password_ends_the_other_sessions(site: Site) -> None:
    """Who changes the password stays in, every other session of the account is out, and the new password works."""
    site.admin()
    app = site.app()
    here, there = visitor(app, "ada@example.org"), visitor(app, "ada@example.org")
    answer = here.send("/account", "/account", current=PASSWORD, password="battery staple")
    assert answer.location == "/account"
    assert "The password is changed." in here.get("/account")
    assert there.open("/account").status_code == 302
    assert there.log_in("ada@example.org", "battery staple").status_code == 302


def test_the_password_is_changed_by_its_owner_only(site: Site) -> None:
    """Without the current password, or with a short new one, nothing changes and the page says why."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    wrong = someone.send("/account", "/account", current="wrong horse", password="battery staple")
    assert (wrong.status_code, "The current password is wrong." in wrong.text) == (401, True)
    short = someone.send("/account", "/account", current=PASSWORD, password="short")
    assert (short.status_code, "8 to" in short.text) == (400, True)
    assert site.store.accounts.verify("ada@example.org", PASSWORD) is not None


def test_guessing_the_current_password_is_throttled(site: Site) -> None:
    """A stolen session cannot try passwords without end."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    codes = [
        someone.send("/account", "/account", current="wrong horse", password="battery staple").status_code
        for _ in range(TRIES_PER_ADDRESS + 1)
    ]
    assert codes == [401] * TRIES_PER_ADDRESS + [429]


def test_a_form_without_its_token_is_refused(site: Site) -> None:
    """A form from elsewhere changes nothing."""
    site.admin()
    someone = visitor(site.app())
    answer = someone.client.post("/login", data={"email": "ada@example.org", "password": PASSWORD})
    assert answer.status_code == 400
    assert "reload the page and send it again" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "",
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "\\/evil.test",
        "/\t/evil.test",
        "/\n//evil.test",
        "issues",
        " /x",
    ],
)
def test_only_a_path_of_this_page_is_local(path: str) -> None:
    """What a browser could read as another site is not followed."""
    assert not is_local(path)


def test_login_leads_to_no_other_site(site: Site) -> None:
    """A next that leads elsewhere is left out."""
    site.admin()
    someone = visitor(site.app())
    answer = someone.send("/login", email="ada@example.org", password=PASSWORD, next="//evil.test/x")
    assert answer.location == "/"


@pytest.mark.parametrize(
    ("kept", "status"),
    [
        ("1.EPOCH.a1", 200),
        ("1.EPOCH", 302),
        ("1.EPOCH.", 302),
        ("1", 302),
        ("x.y.z", 302),
        ("999.EPOCH.a1", 302),
        ("1.99.a1", 302),
        ("", 302),
    ],
)
def test_a_session_names_an_account_and_its_epoch(site: Site, kept: str, status: int) -> None:
    """Only a session that names an account as it is now, and a login, opens a page."""
    epoch = site.admin().epoch
    someone = visitor(site.app())
    with someone.client.session_transaction(base_url=someone.base_url) as session:
        session["_user_id"] = kept.replace("EPOCH", str(epoch))
    assert someone.open("/account").status_code == status
