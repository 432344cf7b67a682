"""Settings of a machine: where the site, the log, the broker and the store are. From the environment (`COAST_…`) or `.env`; the command line may override.

What belongs to the coast (thresholds, people, escalation) is the site's, not a setting.
"""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="COAST_", env_file=".env", extra="ignore")

    site: Path = Path(__file__).resolve().parent.parent / "sites" / "quanzhou-bay"  # folder of the site
    home: Path = Path("var")  # log, store, outbox, archives
    log: str = ""  # sqlite:///path; empty: <home>/log.db
    mqtt: str = "embedded"  # embedded, or host:port of a broker
    mqtt_user: str = ""  # of the broker named by mqtt
    mqtt_password: str = ""  # of that user
    mqtt_tls: bool = False  # TLS to the broker; port 8883 unless said
    mqtt_ca: str = ""  # file of the certificate authority; empty: the system's own
    mqtt_cert: str = ""  # file of our own certificate, where the broker asks for one
    mqtt_key: str = ""  # file of its key
    embedded_port: int = 1883  # of the embedded broker, on 127.0.0.1
    areas: str = ""  # comma-separated, of the bridge and the processor; empty: all
    store: str = ""  # sqlite:///path or influx+http://host:port; empty: <home>/store.db
    influx_token: str = ""  # may read and write the bucket
    influx_org: str = "coast"  # organisation
    influx_bucket: str = "coast"  # bucket
    console_host: str = "127.0.0.1"  # address of the page
    console_port: int = 8600  # port of the page
    console_tiles: str = ""  # tile URL, where the site has one; empty: the site's own shoreline only
    heartbeat_url: str = ""  # asked once a minute by the deliverer; silence there means that we are dead
    log_cap: int = 20_000_000_000  # bytes; retention begins here
    log_reserve: int = 1_000_000_000  # bytes kept for urgent batches
    log_level: str = "info"  # debug, info, warning, error

    @property
    def log_url(self) -> str:
        return self.log or f"sqlite:///{self.home / 'log.db'}"

    @property
    def store_url(self) -> str:
        return self.store or f"sqlite:///{self.home / 'store.db'}"

    @property
    def broker(self) -> tuple[str, int]:
        """(host, port)"""
        if self.mqtt == "embedded":
            return "127.0.0.1", self.embedded_port
        host, _, port = self.mqtt.partition(":")
        return host, int(port or (8883 if self.mqtt_tls else 1883))
