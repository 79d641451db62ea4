import json
import re

from kaput.accept import widget


def texts(**query: str) -> dict[str, str]:
    """Returns the texts in the program of a query."""
    found = re.search(r"const texts = (\{.*\});", widget.script(query).decode())
    assert found is not None
    read: dict[str, str] = json.loads(found[1])
    return read


def test_the_page_may_change_the_texts() -> None:
    """The options of the SDK are the texts; what is not given stands as it is, and others are passed over."""
    found = texts(title="Oh", name="Joe", onLoad="alert(1)")
    assert (found["title"], found["name"], found["labelSubmit"]) == ("Oh", "Joe", "Send")
    assert "onLoad" not in found


def test_texts_stay_texts() -> None:
    """No text leaves its string, whatever it holds, and none is longer than the bound."""
    hostile = '"};alert(1);//</script>\u2028`${alert(1)}'
    assert texts(title=hostile)["title"] == hostile
    assert b"</script>" not in widget.script({"title": hostile})
    assert len(texts(subtitle="x" * 9000)["subtitle"]) == widget.MAX_TEXT
