"""The words of the page in Chinese and English, from gettext catalogues read once at the start (no compiled files to forget)."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = {"zh": "zh_CN", "en": "en"}
FOLDER = Path(__file__).parent / "locale"


@cache
def words(language: str) -> dict[str, str]:
    """From msgid to text. An unknown language is Chinese."""
    with (FOLDER / LANGUAGES.get(language, "zh_CN") / "LC_MESSAGES" / "console.po").open("rb") as file:
        catalogue = read_po(file)
    return {str(message.id): str(message.string) for message in catalogue if message.id}
