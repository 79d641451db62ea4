"""People and their passwords."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from kaput.errors import Conflict, NotFound
from kaput.store.base import AccountRow, Store
from tests.clock import SettableClock

PASSWORD = "long enough"


def test_addresses_have_no_capitals(store: Store) -> None:
    """However an address is typed, it is one account."""
    account = store.accounts.add(" Ada@Example.ORG ", PASSWORD, admin=False)
    assert account.email == "ada@example.org"
    assert store.accounts.verify("ADA@example.org ", PASSWORD) == account
    with pytest.raises(Conflict, match=r"ada@example\.org"):
        store.accounts.add("ADA@EXAMPLE.ORG", PASSWORD, admin=True)
    assert store.accounts.all() == [account]


@pytest.mark.parametrize(
    "email",
    ["", "ada", "@", "ada@", "@example.org", "a b@example.org", "ada@example.org\nBcc: x@y", "a,b@c", "a@b@c", "<a@b>",
     "ada@" + "x" * 260, "a\x00@b", "a\u2028b@c"],
)  # fmt: skip
def test_what_is_no_address(store: Store, email: str) -> None:
    """What is no mail address, or could be more than one, is refused with an example."""
    with pytest.raises(ValueError, match=r"name@example\.org"):
        store.accounts.add(email, PASSWORD, admin=False)
    assert not store.accounts.any()


@pytest.mark.parametrize(("length", "good"), [(0, False), (7, False), (8, True), (1000, True), (1001, False)])
def test_lengths_of_passwords(store: Store, length: int, good: bool) -> None:
    """Eight to a thousand characters, and each of them counts."""
    password = "ä" * length
    if not good:
        with pytest.raises(ValueError, match="8 to 1000"):
            store.accounts.add("ada@example.org", password, admin=False)
        return
    store.accounts.add("ada@example.org", password, admin=False)
    assert store.accounts.verify("ada@example.org", password) is not None
    for wrong in (password + "ä", password[:-1], "", "a" * length):
        assert store.accounts.verify("ada@example.org", wrong) is None


def test_who_is_not_there(store: Store) -> None:
    """An unknown address is no account, and hostile texts are none either."""
    store.accounts.add("ada@example.org", PASSWORD, admin=False)
    for email in ("", "bob@example.org", "' OR 1=1 --", "x" * 100_000, "ada@example.org\0"):
        assert store.accounts.verify(email, PASSWORD) is None
    for unknown in (0, 99, -1):
        with pytest.raises(NotFound):
            store.accounts.get(unknown)
    with pytest.raises(NotFound):
        store.accounts.set_password("bob@example.org", PASSWORD)


def test_a_new_password_ends_sessions(store: Store) -> None:
    """The old password is no longer good, and the epoch that sessions hold is over."""
    account = store.accounts.add("ada@example.org", PASSWORD, admin=False)
    store.accounts.set_password("Ada@example.org", "another one")
    assert store.accounts.verify("ada@example.org", PASSWORD) is None
    changed = store.accounts.verify("ada@example.org", "another one")
    assert changed is not None
    assert (changed.id, changed.epoch) == (account.id, account.epoch + 1)


def test_the_first_account_is_one(store: Store) -> None:
    """Of many who use the set-up link at once, one becomes the admin and the others are told."""

    def add(number: int) -> AccountRow | None:
        try:
            return store.accounts.add_first(f"p{number}@example.org", PASSWORD)
        except Conflict:
            return None

    with ThreadPoolExecutor(3) as pool:
        made = [account for account in pool.map(add, range(6)) if account is not None]
    assert store.accounts.all() == made
    assert [account.admin for account in made] == [True]


def test_members_and_admins(store: Store) -> None:
    """An admin belongs to every project, others to those they were added to, as often as they were."""
    admin = store.accounts.add("zoe@example.org", PASSWORD, admin=True)
    ada = store.accounts.add("ada@example.org", PASSWORD, admin=False)
    shop = store.projects.add("Shop")
    assert store.projects.members(shop.id) == [admin]
    store.projects.add_member(shop.id, ada.id)
    store.projects.add_member(shop.id, ada.id)
    assert store.projects.members(shop.id) == [ada, admin]
    assert store.projects.of(ada) == [shop]
    assert store.projects.of(admin) == store.projects.all()
    store.projects.remove_member(shop.id, ada.id)
    assert store.projects.of(ada) == []
    for project, account in ((99, ada.id), (shop.id, 99)):
        with pytest.raises(NotFound):
            store.projects.add_member(project, account)


def test_the_last_admin_stays(store: Store) -> None:
    """An admin can be removed, or be none any more, while another one is left."""
    for email in ("ada@example.org", "bob@example.org"):
        store.accounts.add(email, PASSWORD, admin=True)
    store.accounts.set_admin("Ada@example.org", admin=False)
    with pytest.raises(Conflict, match="last admin"):
        store.accounts.set_admin("bob@example.org", admin=False)
    with pytest.raises(Conflict, match="last admin"):
        store.accounts.remove("bob@example.org")
    store.accounts.set_admin("ada@example.org", admin=True)
    store.accounts.remove("bob@example.org")
    assert [(one.email, one.admin) for one in store.accounts.all()] == [("ada@example.org", True)]
    for unknown in ("bob@example.org", "' OR 1=1 --"):
        with pytest.raises(NotFound):
            store.accounts.remove(unknown)
        with pytest.raises(NotFound):
            store.accounts.set_admin(unknown, admin=True)


def test_an_id_that_is_given_again_is_another_account(store: Store, clock: SettableClock) -> None:
    """A session of an account that was removed is not one of the account that has its id then."""
    store.accounts.add("ada@example.org", PASSWORD, admin=True)
    bob = store.accounts.add("bob@example.org", PASSWORD, admin=False)
    store.accounts.remove(bob.email)
    clock.now += 1
    eve = store.accounts.add("eve@example.org", PASSWORD, admin=False)
    assert (eve.id, eve.epoch > bob.epoch) == (bob.id, True)


def test_a_login_ends(store: Store, clock: SettableClock) -> None:
    """A login that was ended has no account any more; what ended is forgotten when no cookie of it is good."""
    account = store.accounts.add("ada@example.org", PASSWORD, admin=True)
    assert store.accounts.in_login(account.id, "a") == account
    store.accounts.end_login("a", 60.0)
    with pytest.raises(NotFound):
        store.accounts.in_login(account.id, "a")
    assert store.accounts.in_login(account.id, "b") == account
    clock.now += 61
    store.accounts.end_login("b", 60.0)
    assert store.accounts.in_login(account.id, "a") == account
