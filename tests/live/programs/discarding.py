"""A client program: N messages that its own `before_send` takes away, through the unmodified sentry-sdk."""

import sys

import sentry_sdk


def main() -> None:
    """Reports the messages, none of which goes out, and waits until the SDK has told so."""
    sentry_sdk.init(dsn=sys.argv[1], before_send=lambda _event, _hint: None, default_integrations=False)
    for number in range(int(sys.argv[2])):
        sentry_sdk.capture_message(f"message {number}")
    sentry_sdk.flush(30)


main()
