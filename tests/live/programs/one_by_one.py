"""A client program: N messages, each flushed before the next, through the unmodified sentry-sdk."""

import sys

import sentry_sdk


def main() -> None:
    """Reports the messages; what the server said to one is known before the next."""
    sentry_sdk.init(dsn=sys.argv[1], default_integrations=False)
    for number in range(int(sys.argv[2])):
        sentry_sdk.capture_message(f"message {number}")
        sentry_sdk.flush(30)


main()
