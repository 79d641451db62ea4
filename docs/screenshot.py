"""Makes `docs/screenshot.png` from the running demo: `make screenshot`.

In: `kaput demo` and Debian's chromium. Out: the page of one issue, as a picture, after some pressing of buttons.
"""

import re
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

PICTURE = Path(__file__).with_name("screenshot.png")
CHROMIUM = "/usr/bin/chromium"
PRESSED = ("division", "lock", "template", "recursion", "key", "key", "refused", "refused", "refused")
PORTS = ("--port", "--shop-port", "--mailbox-port", "--mail-port")


def press(shop: str, button: str) -> None:
    """Presses a button of the shop."""
    connection = HTTPConnection(urlsplit(shop).netloc, timeout=30)
    connection.request("POST", f"/try/{button}")
    connection.getresponse().read()
    connection.close()


def picture(page: Page, kaput: str, password: str) -> None:
    """Signs in and takes the picture of the issue with the most to see."""
    page.goto(f"{kaput}/login")
    page.get_by_label("Email").fill("demo@example.org")
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.get_by_text("PaymentFailed").first.click()
    page.get_by_text("charge").first.wait_for()
    page.screenshot(path=PICTURE)


def main() -> None:
    """Runs the demo, presses, looks."""
    command = [sys.executable, "-m", "kaput", "demo", *(word for port in PORTS for word in (port, "0"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as demo:
        printed = "".join(iter(demo.stdout.readline, "Ctrl-C ends everything.\n")) if demo.stdout else ""
        try:
            shop, kaput = re.findall(r"^(?:Shop|Kaput) +(\S+)", printed, re.MULTILINE)
            password = printed.partition(" with ")[2].split()[0]
            for button in PRESSED:
                press(shop, button)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                picture(browser.new_page(viewport={"width": 1280, "height": 860}), kaput, password)
                browser.close()
        finally:
            demo.terminate()


if __name__ == "__main__":
    main()
