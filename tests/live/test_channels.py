"""Alerts through every kind of channel, by a whole server: a service of Apprise, a signed webhook, mail by STARTTLS."""

import hmac
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
        assert server.shell.json("stats")["notices"] == {"sent": 4, "pending": 0, "failed": 0}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(b64decode(secret.removeprefix("whsec_")), signed, sha256)
    assert headers["webhook-signature"] == f"v1,{b64encode(mac.digest()).decode()}"
    title = hook.documents[0]["issue"]["title"]
    assert title in mailbox.subjects[0]
    assert title in chat.documents[1]["title"]
