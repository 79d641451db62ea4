"""Alerts through every kind of channel, by a whole server: a service of Apprise, a signed webhook, mail by STARTTLS."""

import hmac
import json
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

from tests.live.server import run_program, running, wait_for
from tests.tell.receiver import Receiver
from tests.tell.servers import PASSWORD, USER, Mailbox, MailServers


def test_an_error_goes_everywhere(tmp_path: Path, servers: MailServers) -> None:
    """One error of a real client arrives by mail with STARTTLS and login, at a service and, signed, at a webhook."""
    trusted = tmp_path / "authority.pem"
    servers.authority.cert_pem.write_to_path(str(trusted))
    mailbox = Mailbox()
    environment = {
        "KAPUT_SMTP_HOST": "127.0.0.1",
        "KAPUT_SMTP_PORT": str(servers.start(mailbox, "starttls", login=True).port),
        "KAPUT_SMTP_TLS": "starttls",
        "KAPUT_SMTP_USER": USER,
        "KAPUT_SMTP_PASSWORD": PASSWORD,
        "KAPUT_SMTP_CA": str(trusted),
        "KAPUT_CHANNEL_NETWORKS": "127.0.0.1,::1",
    }
    with Receiver() as hook, Receiver() as chat, running(tmp_path / "data", **environment) as server:
        server.begin()
        server.shell("user", "add", "ada@example.org", "--admin", "--password-stdin", typed="a long enough password\n")
        secret = server.shell("project", "channel", "add", "app", "Hook", f"{hook.url}/kaput").stdout.strip()
        added = server.shell("project", "channel", "add", "app", "Chat", f"json://localhost:{chat.port}/")
        assert added.returncode == 0, added.stderr
        tested = server.shell("project", "channel", "test", "app", "Chat")
        assert tested.returncode == 0, tested.stderr
        assert chat.documents[0]["title"].startswith("[App] test: ")
        run_program("one_by_one.py", server.dsn, "1")
        wait_for(
            lambda: (len(mailbox.taken), len(hook.taken), len(chat.taken)) == (1, 1, 2), "not every channel was told"
        )
        headers, body = hook.taken[0]
        sent = {"sent": 4, "pending": 0, "failed": 0}  # noted after the other side took it
        wait_for(lambda: server.shell.json("stats")["notices"] == sent, "not every notice is marked as sent")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(b64decode(secret.removeprefix("whsec_")), signed, sha256)
    assert headers["webhook-signature"] == f"v1,{b64encode(mac.digest()).decode()}"
    title = hook.documents[0]["issue"]["title"]
    assert title in mailbox.subjects[0]
    assert title in chat.documents[1]["title"]


def test_a_rule_is_tested(tmp_path: Path, servers: MailServers) -> None:
    """The test of a rule really reaches all whom it tells, and says of each what the other side said."""
    mailbox = Mailbox(refused={"gone@example.org": "550 nobody of this name"})
    environment = {
        "KAPUT_SMTP_HOST": "127.0.0.1",
        "KAPUT_SMTP_PORT": str(servers.start(mailbox).port),
        "KAPUT_SMTP_TLS": "none",
        "KAPUT_CHANNEL_NETWORKS": "127.0.0.1,::1",
    }
    with (
        Receiver() as hook,
        Receiver(answers=[(500, b"out of order", {})]) as broken,
        running(tmp_path / "data", **environment) as server,
    ):
        server.begin()
        server.shell("user", "add", "ada@example.org", "--admin", "--password-stdin", typed="a long enough password\n")
        server.shell("project", "channel", "add", "app", "Hook", f"{hook.url}/kaput")
        server.shell("project", "channel", "add", "app", "Broken", f"{broken.url}/kaput")
        to = [word for one in ("members", "gone@example.org", "assignee", "channels") for word in ("--to", one)]
        server.shell("project", "rule", "add", "app", "Everything", "--when", "every", *to)
        number = str(server.shell.json("project", "rule", "list", "app")[-1]["id"])
        tested = server.shell("project", "rule", "test", "app", number, "--json")
    came = {one["recipient"]: (one["arrived"], one["words"]) for one in json.loads(tested.stdout)}
    assert came["ada@example.org"] == (True, "ada@example.org took the test alert.")
    assert came["Hook"] == (True, "Hook took the test alert.")
    assert (came["gone@example.org"][0], "550 nobody of this name" in came["gone@example.org"][1]) == (False, True)
    assert (came["Broken"][0], "out of order" in came["Broken"][1]) == (False, True)
    assert came["who is assigned"][0] is None
    assert (tested.returncode, "reached 2 of 4" in tested.stderr) == (1, True)
    assert [message["To"] for message in mailbox.taken] == ["ada@example.org"]
    assert mailbox.subjects[0].startswith("[App] test of Everything: ")
    assert (hook.documents[0]["type"], hook.documents[0]["reason"]) == ("issue.test", "test of Everything")
