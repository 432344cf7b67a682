"""The pages of docs/ that are made from the code, so that they cannot say what is not so: models, system codes, the wire, quantities."""

import dataclasses
from pathlib import Path

from ingest.wire_page import page as wire_page

from alerts.store.tables import quantities
from ingest.system_codes import SYSTEM_CODES
from models.catalogue import CATALOGUE

MADE = "<!-- Made by `make docs` from the code; do not edit. -->\n"
NAMES = {
    "M01": ("SOS call", "一键报警"),
    "M02": ("Call-box fault", "“海岸卫士”设备异常"),
    "M12": ("Position silence", "船舶定位中断"),
}  # the glossary's words


def write(folder: Path) -> list[Path]:
    """Write every page below `folder` and return their paths."""
    pages = {"models.md": models_page(), "system-codes.md": codes_page(), "wire.md": MADE + wire_page(), "quantities.md": quantities_page()}
    for name, text in pages.items():
        (folder / name).write_text(text)
    return [folder / name for name in pages]


def models_page() -> str:
    parts = [MADE, "# Warning models\n"]
    for kind in CATALOGUE:
        english, chinese = NAMES[kind.code]
        module = __import__(kind.__module__, fromlist=["x"])
        parts.append(f"\n## {kind.code} {english} · {chinese}\n\n{(module.__doc__ or '').strip().removeprefix(kind.code + ': ')}\n")
        reads = ", ".join((*kind.columns, *kind.rare))
        parts.append(f"\nReads: {reads}. File: `models/{kind.name}.py`. Memory version {kind.memory_version}.\n")
        parts.append("\n| parameter | default | unit | from | to | what | source |\n|---|---|---|---|---|---|---|\n")
        for field in dataclasses.fields(kind):
            about = field.metadata
            parts.append(
                f"| `{field.name}` | {field.default} | {about['unit']} | {about['low']} | {about['high']} | {about['about']} | {about['source']} |\n"
            )
    return "".join(parts)


def models_table() -> str:
    """For the README."""
    rows = "".join(f"| {kind.code} | {NAMES[kind.code][0]} | {NAMES[kind.code][1]} | `models/{kind.name}.py` |\n" for kind in CATALOGUE)
    return "| code | model | 名称 | file |\n|---|---|---|---|\n" + rows


def codes_page() -> str:
    rows = "".join(
        f"| {part} | `{code}` | {about.level} | {about.en} | {about.zh} | {about.clears} | {about.do} |\n"
        for (part, code), about in SYSTEM_CODES.items()
    )
    head = "| part | code | level | what | 含义 | cleared by | what to do |\n|---|---|---|---|---|---|---|\n"
    return MADE + "# What the system says of itself\n\nEach enters the log as a `system` event and becomes an alert of model `SYS`.\n\n" + head + rows


def quantities_page() -> str:
    rows = "".join("| " + " | ".join(str(each) for each in row) + " |\n" for row in quantities())
    return MADE + "# Quantities\n\n| measurement | field | unit | from | to | resolution |\n|---|---|---|---|---|---|\n" + rows
