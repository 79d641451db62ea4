"""`kaput project channel`: where a project's alerts go beside mail."""

import threading
import time
from collections.abc import Callable

from kaput.installation import Installation
from tests.cli.shell import Shell

URL = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def when_tested(installation: Installation, act: Callable[[int], None]) -> threading.Thread:
    """Stands in for the server: does something with the first notice that appears."""

    def wait() -> None:
        end = time.monotonic() + 20
        while not installation.store.outbox.newest() and time.monotonic() < end:
            time.sleep(0.01)
        act(installation.store.outbox.newest())

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_webhook(shell: Shell) -> None:
    """Adding a webhook prints its secret and nothing else; the list shows neither that nor the address."""
    shell("project", "add", "shop")
    made = shell("project", "channel", "add", "shop", "Hook", "https://1.1.1.1/token123")
    assert made.stdout.startswith("whsec_")
    assert "token123" not in made.stdout + made.stderr
    found = shell.json("project", "channel", "list", "shop")
    assert [(one["name"], one["kind"], one["address"], one["disabled"], one["last"]) for one in found] == [
        ("Hook", "webhook", "Webhook, https://1.1.1.1/…", False, None)
    ]
    table = shell("project", "channel", "list", "shop").stdout
    assert "none yet" in table
    assert "whsec" not in table + str(found)


def test_a_service(shell: Shell) -> None:
    """The address of a service may come over standard input, where no list of processes shows it."""
    shell("project", "add", "shop")
    made = shell("project", "channel", "add", "shop", "Chat", typed=f"{URL}\n")
    assert (made.returncode, made.stdout) == (0, "")
    assert "Alerts of shop go to Chat (Slack, slack://…)" in made.stderr
    wrong = shell("project", "channel", "add", "shop", "Other", "nosuch://secret123")
    assert (wrong.returncode, "Apprise cannot read this address" in wrong.stderr) == (1, True)
    assert "secret123" not in wrong.stderr


def test_changes(shell: Shell) -> None:
    """A channel is disabled, enabled and deleted by its name; an unknown one is told."""
    shell("project", "add", "shop")
    shell("project", "channel", "add", "shop", "Hook", "https://1.1.1.1/x")
    shell("project", "channel", "disable", "shop", "Hook")
    assert shell.json("project", "channel", "list", "shop")[0]["disabled"]
    shell("project", "channel", "enable", "shop", "Hook")
    assert not shell.json("project", "channel", "list", "shop")[0]["disabled"]
    assert shell("project", "channel", "delete", "shop", "Nobody").returncode == 1
    assert shell("project", "channel", "delete", "shop", "Hook").returncode == 0
    assert shell.json("project", "channel", "list", "shop") == []


def test_a_test(shell: Shell, installation: Installation) -> None:
    """A test waits for what the server makes of it, and fails with the receiver's words."""
    shell("project", "add", "shop")
    shell("project", "channel", "add", "shop", "Hook", "https://1.1.1.1/x")
    outbox = installation.store.outbox
    server = when_tested(installation, lambda number: outbox.mark_sent([number], 1.0, in_digest=False))
    done = shell("project", "channel", "test", "shop", "Hook")
    server.join()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Hook took the test alert.\n")
    outbox.mark_retry([outbox.newest()], "The receiver answered 500.", 9.0)
    seen = outbox.newest()

    def fail(number: int) -> None:
        while (newest := outbox.newest()) == number:
            time.sleep(0.01)
        outbox.mark_retry([newest], "The receiver answered 500.", 9.0)

    server = when_tested(installation, fail)
    failed = shell("project", "channel", "test", "shop", "Hook")
    server.join()
    assert outbox.newest() == seen + 1
    assert (failed.returncode, "The receiver answered 500." in failed.stderr) == (1, True)
    assert shell.json("project", "channel", "list", "shop")[0]["last"]["error"] == "The receiver answered 500."


def test_a_private_webhook_is_refused(shell: Shell) -> None:
    """A webhook that would never be reached is refused with the words of the sender, unless it is allowed."""
    shell("project", "add", "shop")
    add = ("project", "channel", "add", "shop", "Hook", "http://127.1:9000/kaput")
    refused = shell(*add)
    assert refused.returncode == 1
    assert "127.1 has the private address 127.0.0.1, and nothing is sent there." in refused.stderr
    assert "KAPUT_CHANNEL_NETWORKS" in refused.stderr
    assert shell(*add, KAPUT_CHANNEL_NETWORKS="127.0.0.1").returncode == 0
