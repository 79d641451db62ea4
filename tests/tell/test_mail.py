"""What stands in the mails."""

import re
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.errors import MailFailed
from kaput.model import Act, ExceptionChain, ExceptionValue, Frame, Kind, Link, LogEntry, Stacktrace, Thread, Threads
from kaput.tell.mail import MOST_LISTED, Composer, Listed, why_of
from kaput.tell.seal import Seal
from tests.tell.shop import START, make_event, make_issue, make_notice

BASE = "https://kaput.example.org/errors"
SEAL = Seal(b"k" * 32)
COMPOSER = Composer("Kaput <kaput@example.org>", "a1b2")
HOSTILE = "<script>alert(1)</script><img src=http://evil.example/x onerror=y> & \"quoted\" 'too' {{ 7 * 7 }}"


class _Reader(HTMLParser):
    """Reads what a person sees of an HTML mail, and notes what it loads and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            elif name in {"src", "background", "srcset"} or "url(" in (value or ""):
                self.loads.append(value or "")


def _arrived(message: EmailMessage) -> EmailMessage:
    """Sends a message through its bytes, as the server gets it."""
    raw = message.as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5322, section 2.1.1
    return message_from_bytes(raw, _class=EmailMessage, policy=default)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def _mail(
    event: Any = None, issue: Any = None, notice: Any = None, project: str = "Shop", base: str = BASE
) -> EmailMessage:
    return _arrived(
        COMPOSER.notice(notice or make_notice(), issue or make_issue(), event or make_event(), project, base)
    )


def _assert_same(message: EmailMessage) -> _Reader:
    """Asserts that the text and the HTML say the same, in the same order."""
    page = _Reader(_part(message, "html"))
    assert _part(message, "plain").split() == page.words
    assert page.loads == []
    assert not page.tags & {"script", "img", "style", "link", "iframe"}
    return page


def test_everything_to_mend_it() -> None:
    """A mail about a new issue tells what, where with source and locals, the request, how often, and a link."""
    message = _mail()
    text = _part(message, "plain")
    assert message["Subject"] == "[Shop] KeyError: 'sku-9' in price_cart"
    assert text == (
        "KeyError: 'sku-9'\n"
        "New in Shop, SHOP-41\n"
        "\n"
        "price_cart in shop/pricing.py:88\n"
        "\n"
        "      85  def price_cart(cart):\n"
        "      86      for line in cart.lines:\n"
        "      87          product = catalogue.get(line.sku)\n"
        ">     88          total += prices[line.sku] * line.qty\n"
        "      89      return total\n"
        "      90\n"
        "      91  def tax(total):\n"
        "\n"
        "Locals\n"
        "  line = Line(sku='sku-9', qty=2)\n"
        '  prices = {"sku-1": 1.5}\n'
        "  total = Decimal('41.50')\n"
        "\n"
        "Caused by LookupError: no price list for 'b2b'\n"
        "\n"
        "Request: POST https://shop.example.org/checkout/3\n"
        "User: ada@example.org, 12\n"
        "Release: 2.4.1\n"
        "Environment: production\n"
        "Server: web-3\n"
        "Level: error\n"
        "How often: 1,204 events, 318 users\n"
        "First seen: 2026-09-21 13:13:20 UTC\n"
        "Last seen: 2026-09-21 14:13:20 UTC\n"
        "\n"
        "https://kaput.example.org/errors/issues/SHOP-41\n"
        "\n"
        "You get this because a rule of Shop sends it to you.\n"
    )
    assert _assert_same(message).links == [f"{BASE}/issues/SHOP-41"]


def test_why_somebody_is_told() -> None:
    """A mail names the rule that sends it, a digest up to four of them; a rule that is gone has no name."""
    notices = [
        make_notice(number, rule=rule) for number, rule in enumerate(("New\nissues", "Every", "New\nissues", ""))
    ]
    assert why_of(notices[:1], "Shop") == "the rule New issues of Shop sends it to you"
    assert why_of(notices, "Shop") == "the rules New issues and Every of Shop send it to you"
    assert why_of(notices[3:], "Shop") == "a rule of Shop sends it to you"
    assert why_of([make_notice(n, rule=str(n)) for n in range(1, 6)], "Shop") == "a rule of Shop sends it to you"
    for words in (
        _part(COMPOSER.notice(notices[0], make_issue(), make_event(), "Shop", ""), kind) for kind in ("plain", "html")
    ):
        assert "because the rule New issues of Shop sends it to you." in words


def test_the_id_of_the_request() -> None:
    """A mail tells under which id the request stands in the logs, in one clean line."""
    told = [_part(_mail(make_event(tags=tags)), "plain") for tags in ({"request_id": "re\nq-7"}, {"other": "req-7"})]
    assert ["\nRequest id: re q-7\n" in text for text in told] == [True, False]
    assert "Request id" not in told[1]


def test_headers() -> None:
    """A mail says from whom and to whom it is, of when, and that no answer should come by itself."""
    message = _mail()
    assert message["From"] == "Kaput <kaput@example.org>"
    assert message["To"] == "ada@example.org"
    assert message["Date"].datetime.timestamp() == START
    assert message["Auto-Submitted"] == "auto-generated"


def test_regression() -> None:
    """A regression says so in the subject and in the text."""
    message = _mail(notice=make_notice(kind=Kind.REGRESSED))
    assert message["Subject"] == "[Shop] regressed: KeyError: 'sku-9' in price_cart"
    assert "Regressed in Shop, SHOP-41" in _part(message, "plain")
    _assert_same(message)


def test_thread() -> None:
    """The first mail about an issue begins a thread, later ones join it; the same notice has the same id each time."""
    first, again = _mail(notice=make_notice(7)), _mail(notice=make_notice(7))
    later = _mail(notice=make_notice(9, sequence=1, kind=Kind.REGRESSED))
    third = _mail(notice=make_notice(12, sequence=2, kind=Kind.REGRESSED))
    root = "<issue-41.root.a1b2@example.org>"
    assert (first["Message-ID"], first["In-Reply-To"], first["References"]) == (root, None, None)
    assert again["Message-ID"] == root
    assert (later["In-Reply-To"], later["References"], third["References"]) == (root, root, root)
    assert len({first["Message-ID"], later["Message-ID"], third["Message-ID"]}) == 3


def test_header_injection() -> None:
    """Line ends in a value, a culprit or a project's name stay in their header."""
    attack = "x\r\nBcc: eve@example.org\r\n\r\n<b>hi\x00\x1b[31m"
    message = _mail(issue=make_issue(title=attack, culprit=attack), project=attack)
    assert message["Bcc"] is None
    assert message["Subject"].startswith("[x Bcc: eve@example.org <b>hi [31m] x Bcc: eve@example.org <b>hi [31m")
    assert message.is_multipart()
    _assert_same(message)


def test_html_escapes() -> None:
    """Markup in values is shown, never obeyed, wherever it stands."""
    frame = Frame(
        filename=HOSTILE,
        function=HOSTILE,
        lineno=1,
        context_line=HOSTILE,
        pre_context=[HOSTILE],
        vars={HOSTILE: HOSTILE},
    )
    exception = ExceptionValue(type=HOSTILE, value=HOSTILE, stacktrace=Stacktrace(frames=[frame]))
    event = make_event(
        exception=ExceptionChain([exception, exception]), release=HOSTILE, environment=HOSTILE, server_name=HOSTILE
    )
    message = _mail(event, make_issue(title=HOSTILE, culprit=HOSTILE), project=HOSTILE[:70])
    page = _assert_same(message)
    assert page.words.count("onerror=y>") >= 6
    assert page.tags == {"html", "head", "meta", "body", "h1", "p", "span", "div", "a"}


def test_not_ascii() -> None:
    """Letters of any script arrive as they are; halves of characters, which cannot be sent, are replaced."""
    title = "Fehler: „Größe“ 値 \U0001f4a5 \ud83d\udca5 \udc00"
    message = _mail(issue=make_issue(title=title), project="Läden", event=make_event(release="\ud800"))
    assert message["Subject"] == "[Läden] Fehler: „Größe“ 値 \U0001f4a5 \U0001f4a5 � in price_cart"
    assert "Release: �" in _part(message, "plain")
    _assert_same(message)


def test_line_that_begins_with_from() -> None:
    """A line that begins with `From ` arrives as it is, though smtplib would put a `>` before it."""
    stack = Stacktrace([Frame(function="f", in_app=True, context_line="From here", lineno=3)])
    event = make_event(exception=ExceptionChain([ExceptionValue(type="E", value="x", stacktrace=stack)]))
    message = COMPOSER.notice(make_notice(), make_issue(title="From a to b"), event, "Shop", BASE)
    raw = BytesIO()
    BytesGenerator(raw).flatten(message, linesep="\r\n")
    arrived = message_from_bytes(raw.getvalue(), _class=EmailMessage, policy=default)
    assert _part(arrived, "plain").startswith("From a to b\n")
    _assert_same(arrived)


def test_bounded() -> None:
    """A mail stays small whatever the event holds, and the end of the subject still says where."""
    long = "long words " * 100_000
    frame = Frame(
        filename=long,
        function=long,
        context_line=long,
        pre_context=[long] * 50,
        post_context=[long] * 50,
        vars={f"name{number}{long}": long for number in range(40)},
    )
    values = [ExceptionValue(type=long, value=long, stacktrace=Stacktrace(frames=[frame]))] * 30
    event = make_event(exception=ExceptionChain(values), release=long, environment=long, server_name=long)
    message = _mail(event, make_issue(title=long))
    assert len(message.as_bytes()) < 40_000
    assert len(message["Subject"]) <= 200
    assert message["Subject"].endswith("… in price_cart")
    assert "and 20 more" in _part(message, "plain")
    _assert_same(message)


def test_the_locals_of_the_failing_line_come_first() -> None:
    """Of many locals those that stand on the failing line are shown, and shown first."""
    others = {f"name{number}": number for number in range(40)}
    frame = Frame(
        filename="a.py", context_line="return price[sku]", vars=others | {"sku": "a", "price": {}}, in_app=True
    )
    raised = ExceptionValue(type="KeyError", stacktrace=Stacktrace(frames=[frame]))
    text = _part(_mail(make_event(exception=ExceptionChain([raised]))), "plain")
    assert "Locals\n  sku = a\n  price = {}\n  name0 = 0\n" in text


def test_own_frame_is_shown() -> None:
    """Of the exception that was raised last, the last frame of the program itself is shown, else the last of all."""
    own, library = Frame(function="mine", filename="a.py", in_app=True), Frame(function="theirs", filename="b.py")
    cause = ExceptionValue(type="Cause", stacktrace=Stacktrace(frames=[Frame(function="cause", in_app=True)]))

    def shown(*frames: Frame) -> str:
        raised = ExceptionValue(type="Raised", stacktrace=Stacktrace(frames=list(frames)))
        return _part(_mail(make_event(exception=ExceptionChain([cause, raised]))), "plain").split("\n")[3]

    assert shown(own, library) == "mine in a.py"
    assert shown(library, library) == "theirs in b.py"


@pytest.mark.parametrize(
    "stack",
    [
        {
            "exception": ExceptionChain([ExceptionValue(type="E")]),
            "stacktrace": Stacktrace(frames=[Frame(function="f")]),
        },
        {
            "exception": None,
            "threads": Threads(
                [
                    Thread(id="1", current=True, stacktrace=Stacktrace(frames=[Frame(function="other")])),
                    Thread(id="2", crashed=True, stacktrace=Stacktrace(frames=[Frame(function="f")])),
                ]
            ),
        },
    ],
)
def test_stack_elsewhere(stack: dict[str, Any]) -> None:
    """A stack that belongs to no exception is shown: the event's own, or the crashed thread's."""
    assert _part(_mail(make_event(**stack)), "plain").split("\n")[3] == "f"


def test_message_without_stack() -> None:
    """A log message has no frame: the mail says from where the issue comes, and shows nothing that is unknown."""
    event = make_event(
        exception=None, logentry=LogEntry(message="boom"), request=None, user=None, release="", transaction="nightly"
    )
    message = _mail(event, make_issue(title="boom", culprit="shop.jobs", count=1, users=0))
    text = _part(message, "plain")
    assert text.startswith("boom\nNew in Shop, SHOP-41\n\nshop.jobs\n\nTransaction: nightly\nEnvironment: production\n")
    assert "How often: 1 event\n" in text
    assert "Locals" not in text
    assert message["Subject"] == "[Shop] boom in shop.jobs"
    _assert_same(message)


def test_without_title_or_address() -> None:
    """An issue without a title still has a subject, and without a known address of the page there is no broken link."""
    message = _mail(issue=make_issue(title="\n", culprit=""), base="")
    assert message["Subject"] == "[Shop] Error without a name"
    assert _assert_same(message).links == []


def test_times_beyond_the_calendar() -> None:
    """A time that no calendar has does not stop the mail."""
    assert "First seen: at an unknown time" in _part(_mail(issue=make_issue(first_seen=1e300)), "plain")


def _digest(count: int, **fields: Any) -> EmailMessage:
    notices = [
        make_notice(number, START + number, kind=Kind.REGRESSED if number % 5 == 0 else Kind.NEW)
        for number in range(1, count + 1)
    ]
    issues = [
        make_issue(id=number, short_id=f"SHOP-{number}", count=number, **fields) for number in range(1, count + 1)
    ]
    listed = [Listed(*pair) for pair in zip(notices, issues, strict=True)][:MOST_LISTED]
    return _arrived(COMPOSER.digest(notices, listed, "Shop", BASE, START + 400))


def test_digest_counts_and_lists() -> None:
    """A digest counts what is new and what regressed, lists 20 with links, and counts the others."""
    message = _digest(1003)
    text = _part(message, "plain")
    assert message["Subject"] == "[Shop] 803 new issues and 200 regressed issues"
    assert text.startswith(
        "803 new issues and 200 regressed issues in Shop\n"
        "2026-09-21 14:13:21 UTC to 2026-09-21 14:30:03 UTC, held back to come in one mail."
    )
    assert (
        "new: KeyError: 'sku-9'\n  price_cart in shop/pricing.py SHOP-1, 1 event\n  " + BASE + "/issues/SHOP-1\n"
        in text
    )
    assert text.count("\nregressed: ") == 4
    assert "\nand 983 more\n" in text
    assert _assert_same(message).links == [*(f"{BASE}/issues/SHOP-{number}" for number in range(1, 21)), f"{BASE}/"]


def test_small_digest() -> None:
    """A digest of one says one, and does not speak of more."""
    message = _digest(1)
    assert message["Subject"] == "[Shop] 1 new issue"
    assert " more\n" not in _part(message, "plain")
    assert message["Message-ID"] == "<digest-1-1-1.a1b2@example.org>"


def test_hostile_digest() -> None:
    """Markup and line ends in the titles of a digest are shown, never obeyed."""
    page = _assert_same(_digest(2, title=HOSTILE + "\r\nBcc: x", culprit=HOSTILE))
    assert page.words.count("onerror=y>") == 4
    assert page.words.count("Bcc:") == 2


def test_test_mail() -> None:
    """The test mail says that it is one, and where the page is."""
    message = _arrived(COMPOSER.test("ada@example.org", BASE, START))
    assert message["Subject"] == "[Kaput] A test mail"
    assert _assert_same(message).links == [f"{BASE}/"]


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@", "@example.org", "a@b.org, c@d.org", "a@b.org\r\nBcc: c@d.org", "<a@b.org>"]
)
def test_wrong_recipient(address: str) -> None:
    """What is no address of one person is refused by name, for good."""
    with pytest.raises(MailFailed, match=r"the recipient is '.*', which is no mail address") as caught:
        COMPOSER.test(address, BASE, START)
    assert caught.value.permanent


def test_wrong_sender() -> None:
    """A sender that is no address is about the settings, not about this mail."""
    with pytest.raises(MailFailed, match="KAPUT_MAIL_FROM is 'kaput', which is no mail address") as caught:
        Composer("kaput", "a1b2").test("ada@example.org", BASE, START)
    assert (caught.value.away, caught.value.permanent) == (True, False)


@given(
    title=st.text(),
    culprit=st.text(),
    project=st.text(max_size=80),
    line=st.text(),
    value=st.recursive(st.text() | st.floats(), st.lists),
)
def test_any_text(title: str, culprit: str, project: str, line: str, value: Any) -> None:
    """Whatever the texts are, a mail can be written, arrives whole, and says the same in both forms."""
    frame = Frame(filename="a.py", function=culprit, context_line=line, vars={title: value})
    event = make_event(exception=ExceptionChain([ExceptionValue(stacktrace=Stacktrace(frames=[frame]))]))
    message = _mail(event, make_issue(title=title, culprit=culprit), project=project)
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Auto-Submitted", "Message-ID", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert len(message["Subject"]) <= 200
    _assert_same(message)


def test_acts() -> None:
    """A mail about an issue has signed links to resolve it, to mute it and to unsubscribe, in text and HTML."""
    composer = Composer("kaput@example.org", "a1b2", SEAL.sign)
    message = composer.notice(make_notice(), make_issue(), make_event(), "Shop", BASE)
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    tokens = re.findall(rf"{BASE}/act/(\S+)", text)
    assert [SEAL.read(token) for token in tokens] == [
        Link(Act.RESOLVE, 1, 41, "ada@example.org", int(START) + 14 * 86400),
        Link(Act.MUTE, 1, 41, "ada@example.org", int(START) + 14 * 86400),
        Link(Act.UNSUBSCRIBE, 1, 0, "ada@example.org", int(START) + 14 * 86400),
    ]
    assert [token for token in tokens if f'href="{BASE}/act/{token}"' not in html] == []


def test_unsubscribing_headers() -> None:
    """Mail programs are offered to unsubscribe by one click (RFC 8058), in one line each, by https only."""
    composer = Composer("kaput@example.org", "a1b2", SEAL.sign)
    notice = make_notice(recipient="a-rather-long-name-of-a-person@a-long-domain.example.org")
    mails = [
        composer.notice(notice, make_issue(), make_event(), "Shop", BASE),
        composer.digest([notice], [Listed(notice, make_issue())], "Shop", BASE, START),
    ]
    for message in mails:
        lines = bytes(message).decode().split("\r\n")
        (line,) = [line for line in lines if line.startswith("List-Unsubscribe:")]
        token = line.removeprefix(f"List-Unsubscribe: <{BASE}/act/").removesuffix(">")
        assert SEAL.read(token).recipient == notice.recipient
        assert SEAL.read(token).act is Act.UNSUBSCRIBE
        assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    plain = composer.notice(notice, make_issue(), make_event(), "Shop", "http://10.0.0.1:9110")
    assert (plain["List-Unsubscribe-Post"], "http://10.0.0.1" in plain["List-Unsubscribe"]) == (None, True)


def test_no_acts() -> None:
    """Without an address of the page there is no link; a digest resolves nothing; a mention is no list."""
    composer = Composer("kaput@example.org", "a1b2", SEAL.sign)
    nowhere = composer.notice(make_notice(), make_issue(), make_event(), "Shop", "")
    assert "/act/" not in nowhere.as_string()
    assert nowhere["List-Unsubscribe"] is None
    digest = composer.digest([make_notice()], [Listed(make_notice(), make_issue())], "Shop", BASE, START)
    assert digest.get_body(("plain",)).get_content().count("/act/") == 1  # type: ignore[union-attr]
    named = composer.notice(make_notice(kind=Kind.MENTIONED, note="look"), make_issue(), make_event(), "Shop", BASE)
    assert named["List-Unsubscribe"] is None
