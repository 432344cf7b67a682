"""Which store: by the setting's URL."""

from pathlib import Path

from alerts.store.store import Store
from ingest.settings import Settings


def open_store(settings: Settings) -> Store:
    """`sqlite:///path` or `influx+http(s)://host:port`. Raises `StoreAway` where it cannot be opened now, ValueError for any other URL."""
    kind, _, rest = settings.store_url.partition("://")
    if kind == "sqlite":
        from alerts.store.sqlite import SqliteStore  # noqa: PLC0415 - each process loads the one that it uses

        return SqliteStore(Path(rest.removeprefix("/")))
    if kind in {"influx+http", "influx+https"}:
        from alerts.store.influx import InfluxStore  # noqa: PLC0415 - the client costs a second and 20 MB

        url = f"{kind.removeprefix('influx+')}://{rest}"
        return InfluxStore(url, settings.influx_token, settings.influx_org, settings.influx_bucket, settings.home / "store-positions.json")
    raise ValueError(f"store {settings.store_url!r}: expected sqlite:///path or influx+http://host:port")
