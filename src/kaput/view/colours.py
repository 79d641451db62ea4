"""The colours of source text: text and the name of a language in, escaped HTML out.

In: a text that `source.py` found short enough. Out: one `Markup` a line. It is loaded with the first source that is
shown, since Pygments is most of a MB; `source.py` imports it.
"""

import html
from collections.abc import Iterator

from markupsafe import Markup
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String

CLASSES = (
    (Comment, "c"),
    (String, "s"),
    (Number, "m"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Tag, "f"),
    (Name.Decorator, "d"),
    (Name.Builtin, "b"),
    (Name.Exception, "b"),
)


def by_line(text: str, alias: str) -> list[Markup]:
    """Returns the lines of a text as HTML; `alias` is what Pygments calls the language."""
    options = {"startinline": True} if alias == "php" else {}
    return list(_lines(get_lexer_by_name(alias, stripnl=False, ensurenl=False, **options), text))


def _lines(lexer: Lexer, text: str) -> Iterator[Markup]:
    """Yields the lines; texts are escaped one by one and joined as plain strings, which is several times faster."""
    names: dict[tuple[str, ...], str] = {}
    line: list[str] = []
    for token, piece in lexer.get_tokens(text):
        if token not in names:
            names[token] = next((name for kind, name in CLASSES if token[: len(kind)] == kind), "")
        for index, part in enumerate(piece.split("\n")):
            if index:
                yield Markup("".join(line))  # noqa: S704 - each part went through `_span`
                line = []
            line.append(_span(part, names[token]))
    yield Markup("".join(line))  # noqa: S704 - each part went through `_span`


def _span(text: str, name: str) -> str:
    escaped = html.escape(text)
    return f'<span class="{name}">{escaped}</span>' if text and name else escaped
