"""The test mail, for `kaput mail-test` and the page's button.

In: an address. Out: one real mail on the way that alerts take. Imported by the roots, which bind all but the address
(`kaput.model.SendTest`).
"""

from collections.abc import Callable

from kaput.model import Clock
from kaput.tell.mail import Composer
from kaput.tell.smtp import SmtpChannel


def send_test(channel: SmtpChannel, composer: Composer, base: Callable[[], str], clock: Clock, address: str) -> None:
    """Sends a test mail.

    Args:
        channel: the one that alerts take.
        composer: the one that writes alerts.
        base: answers the address of the page, or an empty text.
        clock: seconds since the epoch.
        address: of the recipient.

    Raises:
        MailFailed: with the server's words, or with what is wrong in the settings or the address.
    """
    message = composer.test(address.strip(), base().rstrip("/"), clock())
    with channel.connect() as send:
        send(message)
