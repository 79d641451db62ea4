"""The request of an event as a command for the shell."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from kaput.model import Request
from kaput.view.curl import command, quoted

HOSTILE = [
    "it's",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned #",
    '" && touch pwned "',
    "a\nb\ttouch pwned",
    "\x1b[201~\rtouch pwned\n",
    "back\\slash' $HOME !! ~ *",
    "wörd \u202e 日本",
    "",
]


def arguments(text: str, folder: Path) -> list[str]:
    """Returns the words that a shell makes of a command, by running it with a stand-in for curl."""
    shell = shutil.which("bash")
    assert shell is not None
    script = 'curl() { printf "%s\\0" "$@"; }\n' + text
    found = subprocess.run(
        [shell, "--norc", "-c", script], cwd=folder, env={"LC_ALL": "C.UTF-8"}, capture_output=True, check=True
    )
    return found.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("text", HOSTILE)
def test_quoted_text_is_one_word(text: str, tmp_path: Path) -> None:
    """Whatever a value holds, the shell takes it as one word with the same characters, and runs nothing."""
    assert arguments(f"curl {quoted(text)} end", tmp_path) == [text, "end"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_no_control_character_is_pasted(text: str) -> None:
    """A control character is written as an escape, so that it cannot end a paste."""
    assert quoted(text).isprintable()


def test_whole_request(tmp_path: Path) -> None:
    """Method, address, query, headers, cookies and body come back as they were sent; filtered values stay filtered."""
    request = Request(
        url="https://shop.example.com/checkout/3",
        method="POST",
        query_string="coupon=SPRING&tag[]={a}",
        data={"line": "sku-9", "card": "[Filtered]"},
        headers={"Content-Type": "application/json", "Host": "shop", "Content-Length": "9", "X-Token": "[Filtered]"},
        cookies={"theme": "dark", "session": "[Filtered]"},
    )
    words = arguments(command(request), tmp_path)
    assert words[:2] == ["-g", "https://shop.example.com/checkout/3?coupon=SPRING&tag[]={a}"]
    assert words[2:8] == [
        "-H",
        "Content-Type: application/json",
        "-H",
        "X-Token: [Filtered]",
        "-H",
        "Cookie: theme=dark; session=[Filtered]",
    ]
    assert words[8] == "--data-raw"
    assert json.loads(words[9]) == {"line": "sku-9", "card": "[Filtered]"}
    assert len(words) == 10


def test_form_is_sent_as_a_form(tmp_path: Path) -> None:
    """The fields of a form are encoded as a form, repeated ones too."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = Request(url="http://shop/", method="PUT", data={"a": ["1", "2"], "b": "x y"}, headers=headers)
    words = arguments(command(request), tmp_path)
    assert words[-1] == "a=1&a=2&b=x+y"
    assert words[2:4] == ["-X", "PUT"]


def test_plain_get_needs_no_method() -> None:
    """A request without a body is a GET unless it says otherwise."""
    assert command(Request(url="http://shop/", method="GET")) == "curl -g http://shop/"
    assert command(Request(url="http://shop/", method="DELETE")) == "curl -g http://shop/ \\\n  -X DELETE"


@pytest.mark.parametrize(
    "url", ["", "-o /etc/passwd", "file:///etc/passwd", "//shop/", "javascript:alert(1)", "http://[", "gopher://x/"]
)
def test_only_web_addresses_make_a_command(url: str) -> None:
    """An address that is not of the web makes no command at all."""
    assert command(Request(url=url, method="GET")) == ""


@pytest.mark.parametrize("name", ["@/etc/passwd", "a b", "-K", "X\nY", ""])
def test_header_names_cannot_name_files(name: str, tmp_path: Path) -> None:
    """A header whose name is none is left out; curl would read a file that begins with `@`."""
    words = arguments(command(Request(url="http://shop/", headers={name: "v"}, method="-o /x")), tmp_path)
    assert words in (["-g", "http://shop/"], ["-g", "http://shop/", "-H", "-K: v"])
