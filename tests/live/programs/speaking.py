"""A client program: feedback on an event, old form and new, in envelopes that the unmodified sentry-sdk sends."""

import sys

import sentry_sdk
from sentry_sdk.envelope import Envelope, Item, PayloadRef


def main() -> None:
    """Sends both and waits until they are sent."""
    dsn, event_id, words = sys.argv[1:]
    sentry_sdk.init(dsn=dsn, default_integrations=False, auto_session_tracking=False)
    transport = sentry_sdk.get_client().transport
    assert transport is not None
    report = {"event_id": event_id, "name": "Joe", "comments": words}
    said = {"message": words, "name": "Joe", "associated_event_id": event_id}
    for kind, payload in (("user_report", report), ("feedback", {"contexts": {"feedback": said}})):
        envelope = Envelope(headers={"event_id": event_id})
        envelope.add_item(Item(type=kind, payload=PayloadRef(json=payload)))
        transport.capture_envelope(envelope)
    sentry_sdk.flush(30)


main()
