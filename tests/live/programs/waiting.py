"""A client program: for each line of its input one message of that length, through the unmodified sentry-sdk.

Prints the id of each once the SDK has sent it, and ends with its input.
"""

import sys

import sentry_sdk


def main() -> None:
    """Reports as long as it is asked to."""
    sentry_sdk.init(dsn=sys.argv[1], default_integrations=False)
    for line in sys.stdin:
        event_id = sentry_sdk.capture_message("x" * int(line))
        sentry_sdk.flush(30)
        print(event_id, flush=True)


main()
