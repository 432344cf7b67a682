"""Tables of the made pages, and the word that says so."""

from collections.abc import Iterable, Sequence

MADE = "<!-- Made by `make docs` from the code; do not edit. -->\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(_cell(each) for each in row) + " |\n" for row in lines)


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
