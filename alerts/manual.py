"""The pages of docs/ and the tables of the README that are made from the code, so that they cannot say what is not so."""

import inspect
import io
import re
import tokenize
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_origin

import msgspec
from pydantic_core import PydanticUndefined

import ingest.settings
from alerts.manual_models import pages as model_pages
from alerts.manual_models import readme_table as models_table
from alerts.manual_table import MADE, table
from alerts.score_page import Sheet
from alerts.store.tables import quantities
from alerts.wording import REASONS
from ingest.events import KINDS, OURS, Event
from ingest.settings import Settings
from ingest.site import Area, Channel, Device, Person, Post, Segment, Unit, Vessel
from ingest.site_tables import PLACES
from ingest.system_codes import SYSTEM_CODES
from ingest.village import Covenant, Group, Moratorium, Plate, Season
from ingest.wire_forms import OURS_ONLY, wire_name
from ingest.wire_page import GROUPS, NMEA
from ingest.wire_page import page as wire_page

FILES: dict[str, type[msgspec.Struct]] = {
    "`[[areas]]` of site.toml": Area, "`[[posts]]` of site.toml": Post, "`[[people]]` of site.toml": Person, "`[[channels]]` of site.toml": Channel,
    "segments.csv": Segment, "devices.csv": Device, "units.csv": Unit, "vessels.csv": Vessel,
    "groups.csv": Group, "`[[covenants]]` of site.toml": Covenant, "moratoria.csv": Moratorium, "seasons.csv": Season, "plates.csv": Plate,
}  # fmt: skip


def write(folder: Path) -> list[Path]:
    """Write every page below `folder`, and the marked parts of the README beside it and of its administrator's page; return their paths."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    card = folder / "score-card.json"
    sheet = msgspec.json.decode(card.read_bytes(), type=Sheet) if card.exists() else None
    pages = {**model_pages(sheet), "system-codes.md": codes_page(), "wire.md": MADE + wire_page(), "quantities.md": quantities_page()}
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    parts = {
        folder.resolve().parent / "README.md": {"kinds": kinds_table(), "models": models_table()},
        folder / "administrator.md": {"settings": settings_table(), "columns": columns_tables()},
    }
    marked = [path for path, tables in parts.items() if path.exists() and _rewrite(path, tables)]
    return [*(folder / name for name in pages), *marked]


def _rewrite(path: Path, tables: dict[str, str]) -> bool:
    """Put each table between `<!-- name -->` and `<!-- /name -->`. Raises ValueError where a pair of marks is missing."""
    text = path.read_text(encoding="utf-8")
    for name, part in tables.items():
        head, open_mark, rest = text.partition(f"<!-- {name} -->\n")
        _, close_mark, tail = rest.partition(f"<!-- /{name} -->")
        if not (open_mark and close_mark):
            raise ValueError(f"{path}: expected <!-- {name} --> … <!-- /{name} -->")
        text = head + open_mark + part.strip("\n") + "\n" + close_mark + tail
    path.write_text(text, encoding="utf-8")
    return True


def kinds_table() -> str:
    """For the README: every kind, who says it, and its fields."""
    rows = {str(row.__struct_config__.tag): row for row in KINDS}
    return table(("who", "kind", "fields"), ((who, f"`{kind}`", _fields(rows.get(kind))) for who, kinds in GROUPS.items() for kind in kinds))


def _fields(row: type[Event] | None) -> str:
    if row is None:
        return NMEA
    names = [field.name for field in msgspec.structs.fields(row) if field.name not in Event.__struct_fields__]
    if row.__struct_config__.tag not in OURS:
        names = [name for name in names if name not in OURS_ONLY]
    return ", ".join(f"`{wire_name(row, name)}`" for name in names)


def settings_table() -> str:
    """For the administrator: each setting with its default, and the comment beside it in the code."""
    source = Path(ingest.settings.__file__).read_text(encoding="utf-8")
    beside = _comments(source)
    rows = []
    for name, field in Settings.model_fields.items():
        default = "`sites/quanzhou-bay`" if name == "site" else "" if field.default in ("", PydanticUndefined) else f"`{field.default}`"
        rows.append((f"`COAST_{name.upper()}`", default, beside.get(name, "")))
    return table(("setting", "default", "what"), rows)


def columns_tables() -> str:
    """For the administrator: the columns of a site's tables."""
    return "\n".join(f"**{name}**\n\n" + table(("name", "needed", "values", "what"), _columns(kind)) for name, kind in FILES.items())


def _columns(kind: type[msgspec.Struct]) -> Iterable[tuple[object, ...]]:
    beside = _comments(inspect.getsource(kind))
    for field in msgspec.structs.fields(kind):
        names = (
            " ".join(f"`{name}`" for name in PLACES[field.name]) if field.name in PLACES and kind in (Segment, Device, Unit) else f"`{field.name}`"
        )
        yield names, "yes" if field.required else "", _values(field.type), beside.get(field.name, "")


def _values(kind: Any) -> str:
    plain: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if kind in plain:
        return plain[kind]
    if get_origin(kind) is tuple:
        inner = kind.__args__[0]
        return "degrees, WGS-84" if inner is float else "list" if inner is str else "list of [longitude, latitude]"
    options = [each for each in getattr(kind, "__args__", ()) if each is not type(None)]
    if options and all(isinstance(each, str) for each in options):
        return ", ".join(f"`{each}`" for each in options)
    return _values(options[0]) if options else str(kind)


def _comments(source: str) -> dict[str, str]:
    """What stands behind a `#` on the line that sets a name of the class."""
    found: dict[str, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (name := re.match(r"\s+(\w+):", token.line)):
            found[name[1]] = token.string.lstrip("# ")
    return found


def codes_page() -> str:
    rows = [(part, f"`{code}`", about.level, about.en, about.zh, about.clears, about.do) for (part, code), about in SYSTEM_CODES.items()]
    seat_zh, seat_en = REASONS["SYS", "seat_empty"]
    seat = (
        "processor",
        "`seat_empty`",
        "orange",
        seat_en,
        seat_zh,
        "somebody takes the seat",
        "take it, or call who should; nobody was there for two minutes",
    )
    head = ("part", "code", "level", "what", "含义", "cleared by", "what to do")
    return (
        MADE
        + "# What the system says of itself\n\nEach enters the log as a `system` event and becomes an alert of model `SYS`.\n\n"
        + table(head, [*rows, seat])
    )


def quantities_page() -> str:
    told = "What the recorder writes: a measurement a kind, a field a quantity. Values are rounded to the resolution.\n\n"
    return MADE + "# Quantities\n\n" + told + table(("measurement", "field", "unit", "from", "to", "resolution", "type"), quantities())
