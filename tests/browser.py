"""Debian's chromium, headless, for the tests that look at a page as a person does."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
# Without a sandbox because tests may run as root; without the background networking that asks the outside.
PATIENCE = 60_000
"""Milliseconds; the usual 5 seconds of an expectation are soon over on a machine that is busy with other tests."""
ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Runs the browser; each `new_context` of it is a new profile."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=PATIENCE)
        yield browser
        browser.close()
