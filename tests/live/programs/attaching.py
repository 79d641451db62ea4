"""A client program: an error with a file and a screenshot of feedback, as the unmodified sentry-sdk sends them."""

import sys
from pathlib import Path

import sentry_sdk
from sentry_sdk.attachments import Attachment
from sentry_sdk.envelope import Envelope, Item, PayloadRef


def main() -> None:
    """Sends both and waits until they are sent; prints the id of the event."""
    dsn, picture = sys.argv[1:]
    sentry_sdk.init(dsn=dsn, default_integrations=False, auto_session_tracking=False)
    with sentry_sdk.new_scope() as scope:
        scope.add_attachment(bytes=b"sku,count\r\n\x00\xff\n", filename="../cart.csv", content_type="text/html")
        event_id = scope.capture_message("The cart is empty", level="error")
    feedback_id = "fe" * 16
    said = {"message": "It broke.", "associated_event_id": event_id, "url": "https://shop.example/cart"}
    envelope = Envelope(headers={"event_id": feedback_id})
    payload = {"event_id": feedback_id, "contexts": {"feedback": said}}
    envelope.add_item(Item(type="feedback", payload=PayloadRef(json=payload)))
    shot = Attachment(bytes=Path(picture).read_bytes(), filename="screenshot.png", content_type="image/png")
    envelope.add_item(shot.to_envelope_item())
    transport = sentry_sdk.get_client().transport
    assert transport is not None
    transport.capture_envelope(envelope)
    sentry_sdk.flush(30)
    print(event_id)


main()
