"""The InfluxDB 2 store. Written by line protocol through influxdb-client, read in InfluxQL, which 1.8, 2 and 3 Core answer.

Measurements are those of the table of quantities, and four of texts: `alerts` (the newest revision of each alert, one point an alert at the moment it
was raised), `alert_changes` (every revision), `refused`, `rejected`. The read position is a small file of ours, saved only after the write.
"""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import urllib3
from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from alerts.alert import rfc3339
from alerts.store.influx_positions import Positions
from alerts.store.lines import NANOS, line, text_line
from alerts.store.shapes import columns_of
from alerts.store.store import Point, Refusal, Rejected, StoreAway
from alerts.store.tables import DAY, TABLES, TYPES, fault, subject_of

LINES = 5_000  # lines of one request; the server's own advice
TIMEOUT = 10_000  # ms
_BAD = frozenset({400, 413, 422})  # the server read it and does not take it: a point's fault. Anything else is the server's state

_json = msgspec.json.Encoder().encode


class InfluxStore:
    """See `alerts/store/store.py` for the contract."""

    def __init__(self, url: str, token: str, org: str, bucket: str, positions: Path, timeout: int = TIMEOUT) -> None:
        """`positions`: the file of the read position. Connects at the first call only. `timeout` in ms."""
        self._client = InfluxDBClient(url=url, token=token, org=org, timeout=timeout, enable_gzip=True, retries=False)
        self._write_api = self._client.write_api(write_options=SYNCHRONOUS)
        self._http = urllib3.PoolManager(maxsize=4, retries=False, timeout=timeout / 1000)
        self._url, self._token, self._org, self._bucket = url.rstrip("/"), token, org, bucket
        self._positions = Positions(positions)
        self._mapped = False
        self._revisions: dict[str, int] = {}  # newest revision written, by alert

    # Writing

    def write(
        self, points: Sequence[Point], alerts: Sequence[Mapping[str, Any]], refusals: Sequence[Refusal], positions: Sequence[tuple[str, int, int]]
    ) -> list[Rejected]:
        rejected = [Rejected(point, why) for point in points if (why := fault(point))]
        bad = {id(one.point) for one in rejected}
        good = [point for point in points if id(point) not in bad]
        for i in range(0, len(good), LINES):
            rejected += self._points(good[i : i + LINES])
        texts = self._alert_lines(alerts) + [_refusal_line(one) for one in refusals] + [_rejected_line(one) for one in rejected]
        for i in range(0, len(texts), LINES // 10):
            self._texts(texts[i : i + LINES // 10])
        for shape in alerts:
            self._revisions[shape["id"]] = max(shape["revision"], self._revisions.get(shape["id"], 0))
        if positions:
            self._positions.save(positions)
        return rejected

    def _points(self, points: Sequence[Point]) -> list[Rejected]:
        """Writes them; halves what the server does not take until the bad ones stand alone (writing a good one twice changes nothing)."""
        why = self._send([line(point) for point in points])
        if not why:
            return []
        if len(points) == 1 or f"dropped={len(points)}" in why:
            return [Rejected(point, why) for point in points]
        middle = len(points) // 2
        return self._points(points[:middle]) + self._points(points[middle:])

    def _texts(self, lines: Sequence[str]) -> None:
        why = self._send(lines)
        if why and len(lines) > 1:
            middle = len(lines) // 2
            self._texts(lines[:middle])
            self._texts(lines[middle:])
        elif why:
            raise StoreAway(f"the store takes no text of ours: {why}")

    def _send(self, lines: Sequence[str]) -> str:
        """Empty, or why the server does not take a line of it. Raises `StoreAway`."""
        try:
            self._write_api.write(bucket=self._bucket, org=self._org, record="\n".join(lines).encode())
        except ApiException as answer:
            text = f"{answer.status} {answer.body or answer.reason}"
            if answer.status in _BAD:
                return text[:500]
            raise StoreAway(text[:500]) from answer
        except (urllib3.exceptions.HTTPError, OSError) as away:
            raise StoreAway(str(away)) from away
        return ""

    def _alert_lines(self, alerts: Sequence[Mapping[str, Any]]) -> list[str]:
        newest: dict[str, Mapping[str, Any]] = {}
        lines = []
        for shape in alerts:
            identity, revision, area, model, *_, updated = columns_of(shape)
            fields: dict[str, str | int | bool] = {"id": identity, "revision": revision, "shape": _json(shape).decode()}
            lines.append(text_line("alert_changes", (("area", area), ("model", model)), fields, updated * NANOS + _place(f"{identity}/{revision}")))
            if identity not in newest or revision >= newest[identity]["revision"]:
                newest[identity] = shape
        known = self._known([shape for identity, shape in newest.items() if identity not in self._revisions])
        for identity, shape in newest.items():
            _, revision, area, model, _, _, is_open, _, _, raised, updated = columns_of(shape)
            if revision >= max(known.get(identity, 0), self._revisions.get(identity, 0)):
                fields = {"id": identity, "revision": revision, "open": is_open, "updated": updated, "shape": _json(shape).decode()}
                lines.append(text_line("alerts", (("area", area), ("model", model)), fields, raised * NANOS + _place(identity)))
        return lines

    def _known(self, shapes: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Revisions that the server has of alerts that this process has not written: after a restart an older one must not come over a newer."""
        if not shapes:
            return {}
        found = self._at("id, revision", [columns_of(shape)[9] * NANOS + _place(shape["id"]) for shape in shapes])
        return {row["id"]: row["revision"] for row in found}

    def _at(self, columns: str, times: Sequence[int]) -> list[dict[str, Any]]:
        """Of `alerts`, the points at these moments (ns): a statement each, as InfluxQL joins times by AND alone."""
        rows = []
        for i in range(0, len(times), 100):
            rows += self._rows(";".join(f"SELECT {columns} FROM alerts WHERE time = {time}" for time in times[i : i + 100]))  # noqa: S608 - numbers
        return rows

    def position(self, topic: str, partition: int) -> int | None:
        return self._positions.get(topic, partition)

    # Reading

    def _rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of an InfluxQL query: column -> value, tags of a grouped series included, `time` in ns. Raises `StoreAway`."""
        try:
            answer = self._http.request(
                "POST", f"{self._url}/query", fields={"db": self._bucket, "epoch": "ns", "q": query}, encode_multipart=False, headers=self._auth()
            )
        except (urllib3.exceptions.HTTPError, OSError) as away:
            raise StoreAway(str(away)) from away
        if answer.status == 404 and not self._mapped:
            self._map()
            return self._rows(query)
        body = json.loads(answer.data) if answer.status == 200 else {}
        results = body.get("results", ())
        wrong = next((result["error"] for result in results if "error" in result), "")
        if answer.status != 200 or wrong:
            raise StoreAway(f"{answer.status} {wrong or answer.data[:300]!r}")
        rows = []
        for series in (series for result in results for series in result.get("series", ())):
            tags = series.get("tags", {})
            rows += [{**tags, **dict(zip(series["columns"], values, strict=True))} for values in series["values"]]
        return rows

    def _auth(self) -> dict[str, str]:
        return {"Authorization": f"Token {self._token}"}

    def _map(self) -> None:
        """Older 2.x answer InfluxQL only where a database name is mapped to the bucket."""
        self._mapped = True
        try:
            bucket = self._client.buckets_api().find_bucket_by_name(self._bucket)
            if bucket is None:
                raise StoreAway(f"no bucket {self._bucket!r} in organisation {self._org!r}")
            mapping = {"bucketID": bucket.id, "database": self._bucket, "default": True, "org": self._org, "retention_policy": "autogen"}
            self._http.request("POST", f"{self._url}/api/v2/dbrps", json=mapping, headers=self._auth())
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as away:
            raise StoreAway(str(away)) from away

    def alerts(self, *, open_only: bool = True, area: str = "", since: int = 0, limit: int = 500) -> list[dict[str, Any]]:
        """Two steps: which ones, by small columns that compress to nothing; then their shapes."""
        where = [f"updated >= {since}", *(["open = true"] if open_only else []), *([f"area = {_quoted(area)}"] if area else [])]
        found = self._rows(f"SELECT id, updated FROM alerts WHERE {' AND '.join(where)}")  # noqa: S608 - quoted
        found.sort(key=lambda row: (-row["updated"], row["id"]))
        shapes = {row["id"]: json.loads(row["shape"]) for row in self._at("id, shape", [row["time"] for row in found[:limit]])}
        return [shapes[row["id"]] for row in found[:limit] if row["id"] in shapes]

    def history(self, alert: str) -> list[dict[str, Any]]:
        rows = self._rows(f"SELECT revision, shape FROM alert_changes WHERE id = {_quoted(alert)}")  # noqa: S608 - quoted
        return [json.loads(row["shape"]) for row in sorted(rows, key=lambda row: row["revision"])]

    def latest(self, measurement: str, area: str = "", since: int = 0) -> dict[str, Point]:
        table = TABLES.get(measurement)
        if table is None:
            return {}
        where = f"WHERE time >= {since * NANOS} " + (f"AND area = {_quoted(area)} " if area else "")  # the shards of half a year are many
        # `SELECT *` with LIMIT 1 a series gives the whole last point, which `last(*)` does not: it gives each field's own last
        rows = self._rows(f'SELECT * FROM "{measurement}" {where}GROUP BY * ORDER BY time DESC LIMIT 1')  # noqa: S608 - ours and quoted
        found: dict[str, Point] = {}
        for row in sorted(rows, key=lambda row: row["time"]):
            point = _point(measurement, row)
            found[subject_of(point)] = point
        return found

    def refused(self, device: str = "", limit: int = 100) -> list[Refusal]:
        where = f"WHERE device = {_quoted(device)} " if device else ""
        rows = self._rows(f"SELECT * FROM refused {where}ORDER BY time DESC LIMIT {limit}")  # noqa: S608 - quoted
        return [
            Refusal(
                row["time"] // NANOS, row["topic"], row["device"] or "", row["reason"], row["detail"] or "", base64.b64decode(row["payload"] or "")
            )
            for row in rows
        ]

    def series(self, measurement: str, subject: str, name: str, since: int, until: int, limit: int = 5_000) -> list[tuple[int, float]]:
        """The newest `limit` of [since, until). Unknown names give nothing; a word is no number and gives nothing."""
        if TYPES.get(measurement, {}).get(name, "str") == "str":
            return []
        tag, who = TABLES[measurement].subject, _quoted(subject)
        whose = f'"{tag}" = {who}' if tag == "device" else f'("{tag}" = {who} OR device = {who})'
        query = f'SELECT "{name}" AS value FROM "{measurement}" WHERE {whose} AND time >= {since * NANOS} AND time < {until * NANOS}'  # noqa: S608
        rows = self._rows(f"{query} ORDER BY time DESC LIMIT {limit}")
        return [(row["time"] // NANOS, float(row["value"])) for row in reversed(rows) if row["value"] is not None]

    # Upkeep

    def keep(self, now: int) -> None:
        """The bucket's own retention is the administrator's; ours is told by deleting what is older, kind by kind."""
        for table in TABLES.values():
            if table.keep is not None:
                self._delete(table.name, now - table.keep)
        for name in ("refused", "rejected"):
            self._delete(name, now - 90 * DAY)

    def _delete(self, measurement: str, before: int) -> None:
        try:
            stop = rfc3339(max(0, before))
            self._client.delete_api().delete("1970-01-01T00:00:00Z", stop, f'_measurement="{measurement}"', bucket=self._bucket, org=self._org)
        except ApiException as answer:
            raise StoreAway(f"{answer.status} {answer.body}") from answer
        except (urllib3.exceptions.HTTPError, OSError) as away:
            raise StoreAway(str(away)) from away

    def close(self) -> None:
        self._client.close()
        self._http.clear()


def _place(name: str) -> int:
    """0..999,999 within a ms, by name."""
    return zlib.crc32(name.encode()) % NANOS


def _quoted(text: str) -> str:
    """A string of InfluxQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def _refusal_line(one: Refusal) -> str:
    fields: dict[str, str | int | bool] = {
        "topic": one.topic[:1_000], "device": one.device, "detail": one.detail[:2_000], "payload": base64.b64encode(one.payload[:40_000]).decode()
    }  # fmt: skip
    place = zlib.crc32(one.payload, zlib.crc32(one.topic.encode())) % NANOS
    return text_line("refused", (("reason", one.reason),), fields, one.at * NANOS + place)


def _rejected_line(one: Rejected) -> str:
    text = repr(tuple(one.point))[:4_000]
    at = min(max(one.point.at, 0), 9_000_000_000_000)
    return text_line("rejected", (("measurement", _word(one.point.measurement)),), {"point": text, "reason": one.reason}, at * NANOS + _place(text))


def _word(text: str) -> str:
    return "".join(c for c in text[:64] if c.isalnum() or c == "_") or "unknown"


def _point(measurement: str, row: Mapping[str, Any]) -> Point:
    types, table = TYPES[measurement], TABLES[measurement]
    tags = {name: row[name] for name in ("area", table.subject, "device", *table.tags) if row.get(name) and name not in types}
    fields = {name: _value(types[name], value) for name, value in row.items() if name in types and value is not None}
    time = row["time"]
    return Point(measurement, tags, fields, time // NANOS, time % NANOS)


def _value(kind: str, value: Any) -> Any:
    return float(value) if kind == "float" else value
