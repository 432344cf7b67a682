"""The files of a site as rows: TOML tables, CSV lines and GeoJSON features, each turned into what it is, with every fault told by file and line."""

import csv
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_origin

import msgspec
from msgspec import structs

T = TypeVar("T", bound=msgspec.Struct)
PLACES = {  # field -> columns of a CSV file that hold it
    "position": ("longitude", "latitude"),
    "start": ("start_longitude", "start_latitude"),
    "end": ("end_longitude", "end_latitude"),
    "middle": ("middle_longitude", "middle_latitude"),
}


class Fault(NamedTuple):
    """What is wrong with a site's files. `line` 0: the file as a whole."""

    file: str
    line: int
    what: str
    expected: str

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}" if self.line else self.file
        return f"{at}: {self.what}; expected {self.expected}"


class Read:
    """One reading of a folder: its faults so far, and where each thing stands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.faults = folder, list[Fault]()
        self.places: dict[int, tuple[str, int]] = {}  # id() of a made thing, which `kept` keeps alive -> file, line
        self.kept: list[Any] = []

    def fault(self, file: str, line: int, what: str, expected: str) -> None:
        self.faults.append(Fault(file, line, what, expected))

    def fault_of(self, thing: Any, what: str, expected: str) -> None:
        """A fault of something that was made by `make`."""
        file, line = self.places.get(id(thing), ("site.toml", 0))
        self.fault(file, line, what, expected)

    def text(self, file: str, *, needed: bool) -> str:
        """The file's text, empty where it cannot be had."""
        path = self.folder / file
        if not path.is_file():
            if needed:
                self.fault(file, 0, "the file is missing", "a file of that name in the site's folder")
            return ""
        try:
            return path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as broken:
            self.fault(file, 0, f"not UTF-8 at byte {broken.start}", "text saved as UTF-8")
            return ""

    def make(self, kind: type[T], given: Mapping[str, Any], file: str, line: int, lines: Mapping[str, int] | None = None) -> T | None:
        """A `kind` of the values in `given`, or None and a fault for each field that is wrong. `lines`: where each key stands, if not at `line`."""
        values, whole = {}, True
        fields = {each.name: each for each in structs.fields(kind)}
        for key, value in given.items():
            at = (lines or {}).get(key, line)
            if key not in fields:
                self.fault(file, at, f"unknown name {key}", f"one of {', '.join(fields)}")
                whole = False
                continue
            try:
                values[key] = msgspec.convert(value, fields[key].type, strict=file.endswith((".toml", ".geojson")))
            except msgspec.ValidationError as wrong:
                self.fault(file, at, f"{key} = {value!r}: {wrong}", _words_for(fields[key].type))
                whole = False
        for name, each in fields.items():
            if each.required and name not in given:
                self.fault(file, line, f"{name} is missing", _words_for(each.type))
                whole = False
        if not whole:
            return None
        made = kind(**values)
        self.places[id(made)] = (file, line)
        self.kept.append(made)
        return made

    def toml(self, file: str) -> tuple[dict[str, Any], str]:
        """(document, its text)"""
        text = self.text(file, needed=True)
        try:
            return tomllib.loads(text), text
        except tomllib.TOMLDecodeError as broken:
            found = re.search(r"at line (\d+)", str(broken))
            self.fault(file, int(found[1]) if found else 0, str(broken), "TOML")
            return {}, text

    def tables(self, document: dict[str, Any], text: str, name: str, kind: type[T], file: str = "site.toml") -> tuple[T, ...]:
        """The tables [[name]] of a TOML document."""
        rows = document.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.fault(file, line_of(text, name), f"{name} is no list of tables", f"[[{name}]]")
            return ()
        heads = [number for number, line in enumerate(text.splitlines(), 1) if re.match(rf"\s*\[\[\s*{name}\s*\]\]", line)]
        made = []
        for index, row in enumerate(rows):
            head = heads[index] if index < len(heads) else 0
            made.append(self.make(kind, row, file, head, {key: line_of(text, key, head) for key in row} if head else None))
        return tuple(each for each in made if each is not None)

    def csv(self, file: str, kind: type[T]) -> tuple[T, ...]:
        """One thing a line; lists are separated by spaces; an empty cell is an absent value; `longitude` and `latitude` are a position."""
        text = self.text(file, needed=False)
        lists = {each.name for each in structs.fields(kind) if get_origin(each.type) is tuple and each.name not in PLACES}
        reader = csv.DictReader(text.splitlines())
        made = []
        try:
            for row in reader:
                line = reader.line_num
                if None in row or None in row.values():
                    self.fault(file, line, "another number of cells than the first line has", f"{len(reader.fieldnames or ())} cells")
                    continue
                cells = {key.strip(): cell.strip() for key, cell in row.items() if cell.strip()}
                given: dict[str, Any] = {key: cell.split() if key in lists else cell for key, cell in cells.items()}
                for field, (east, north) in PLACES.items():
                    if east in given and north in given:
                        given[field] = (given.pop(east), given.pop(north))
                made.append(self.make(kind, given, file, line))
        except csv.Error as broken:
            self.fault(file, reader.line_num, str(broken), "comma-separated values")
        return tuple(each for each in made if each is not None)

    def features(self, file: str) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
        """(line, properties, geometry) of each feature of a GeoJSON file."""
        text = self.text(file, needed=False)
        if not text:
            return
        try:
            document = json.loads(text)
        except json.JSONDecodeError as broken:
            self.fault(file, broken.lineno, broken.msg, "GeoJSON")
            return
        features = document.get("features") if isinstance(document, dict) else None
        if not isinstance(features, list):
            self.fault(file, 1, "no list of features", "a GeoJSON FeatureCollection")
            return
        heads = [number for number, line in enumerate(text.splitlines(), 1) if re.search(r'"type"\s*:\s*"Feature"', line)]
        for index, feature in enumerate(features):
            line = heads[index] if len(heads) == len(features) else 0
            properties, geometry = (feature.get("properties"), feature.get("geometry")) if isinstance(feature, dict) else (None, None)
            if not isinstance(properties, dict) or not isinstance(geometry, dict):
                self.fault(file, line, f"feature {index + 1} has no properties or no geometry", "a GeoJSON Feature")
                continue
            yield line, properties, geometry


def line_of(text: str, key: str, after: int = 0) -> int:
    """The first line from `after` on (1 is the first) that sets `key` or opens a table of that name; `after` if there is none before the next table."""
    for number, line in enumerate(text.splitlines(), 1):
        if number < after:
            continue
        if re.match(rf"\s*(\[+\s*)?\"?{re.escape(key)}\"?\s*[\]=.]", line):
            return number
        if after and number > after and re.match(r"\s*\[\[?[a-zA-Z]", line):
            break
    return after


def _words_for(kind: Any) -> str:
    """A type as a person would say it."""
    named = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    if kind in named:
        return named[kind]
    options = getattr(kind, "__args__", ())
    if options and all(isinstance(each, str) for each in options):
        return "one of " + ", ".join(options)
    if options == (float, float):
        return "longitude and latitude in degrees"
    return str(kind).replace("typing.", "")
