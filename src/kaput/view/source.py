"""Source lines of a frame, coloured: text in, escaped HTML out.

In: the lines around a call, the file's name and the event's platform. Out: one `Markup` a line, with `<span>`s whose
classes `static/issue.css` colours. Pure and bounded: long lines are cut, and what is too much is shown plain.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

from markupsafe import Markup, escape

from kaput.view.values import visible

LONGEST_LINE = 300
MOST_CHARACTERS = 2_500
"""Of one frame: some lexers take four times as long for twice as much that was made to confuse them."""

LEXERS = {
    "c": "c", "cc": "cpp", "cjs": "javascript", "cpp": "cpp", "cs": "csharp", "css": "css", "dart": "dart",
    "ex": "elixir", "exs": "elixir", "go": "go", "h": "c", "hpp": "cpp", "htm": "html+jinja", "html": "html+jinja",
    "j2": "html+jinja", "java": "java", "js": "javascript", "jsx": "jsx", "kt": "kotlin", "mjs": "javascript",
    "php": "php", "pl": "perl", "py": "python", "pyi": "python", "pyx": "cython", "rb": "ruby", "rs": "rust",
    "scala": "scala", "sh": "bash", "sql": "sql", "swift": "swift", "ts": "typescript", "tsx": "tsx",
}  # fmt: skip

PLATFORMS = {
    "python": "python", "javascript": "javascript", "node": "javascript", "ruby": "ruby", "php": "php", "go": "go",
    "java": "java", "csharp": "csharp", "elixir": "elixir", "rust": "rust", "perl": "perl", "c": "c",
}  # fmt: skip


def cut_line(line: str, column: int | None = None) -> str:
    """Returns a line that is short enough to be shown; of a long one the part around `column` (counted from 1)."""
    text = visible(line.rstrip("\n")).replace("\n", " ")
    if len(text) <= LONGEST_LINE:
        return text
    start = max(0, min((column or 1) - LONGEST_LINE // 3, len(text) - LONGEST_LINE))
    end = start + LONGEST_LINE
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def coloured(lines: Sequence[str], filename: str, platform: str) -> list[Markup]:
    """Returns the lines as HTML, one for one; without colours when the language is unknown or the text is too long."""
    alias = LEXERS.get(PurePosixPath(filename).suffix.removeprefix(".").lower()) or PLATFORMS.get(platform)
    if alias is None or sum(map(len, lines)) > MOST_CHARACTERS:
        return [escape(line) for line in lines]
    from kaput.view.colours import by_line

    found = by_line("\n".join(lines), alias)
    return found if len(found) == len(lines) else [escape(line) for line in lines]
