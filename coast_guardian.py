"""The command line: parse, wire, start. No logic lives here."""

import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from ingest.settings import Settings

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="海岸卫士 Coast Guardian: a streaming sensor and alert pipeline for a coast."
)
site_app = typer.Typer(no_args_is_help=True, help="The site: check it, make one, put a revision into the running system.")
log_app = typer.Typer(no_args_is_help=True, help="The log: what is in it, as it comes, as a recording.")
feed_app = typer.Typer(no_args_is_help=True, help="Real input from files and receivers.")
sim_app = typer.Typer(no_args_is_help=True, help="A pretend coast, for installers and tests.")
models_app = typer.Typer(no_args_is_help=True, help="The warning models.")
app.add_typer(site_app, name="site")
app.add_typer(log_app, name="log")
app.add_typer(feed_app, name="feed")
app.add_typer(sim_app, name="sim")
app.add_typer(models_app, name="models")


def _settings(**given: object) -> Settings:
    settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # checked by pydantic
    settings.home.mkdir(parents=True, exist_ok=True)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
    )
    return settings


SitePath = Annotated[Path | None, typer.Option("--site", help="folder of the site")]
Home = Annotated[Path | None, typer.Option("--home", help="folder of log, store and outbox")]


@app.command()
def run(
    site: SitePath = None,
    home: Home = None,
    mqtt: Annotated[str | None, typer.Option(help="host:port of a broker; default: the embedded one")] = None,
    port: Annotated[int | None, typer.Option(help="of the console")] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="with a simulated coast")] = False,
    scenario: Annotated[str, typer.Option(help="of the simulated coast")] = "demo",
) -> None:
    """All roles on this machine, supervised."""
    from alerts.machine import run_machine

    raise typer.Exit(run_machine(_settings(site=site, home=home, mqtt=mqtt, console_port=port), scenario if simulate else None))


def _role(module: str, site: Path | None, home: Path | None) -> None:
    import importlib

    raise typer.Exit(importlib.import_module(module).main(_settings(site=site, home=home)))


@app.command()
def bridge(site: SitePath = None, home: Home = None) -> None:
    """MQTT into the log."""
    _role("ingest.bridge", site, home)


@app.command()
def process(site: SitePath = None, home: Home = None) -> None:
    """The log's events into alerts."""
    _role("alerts.processor", site, home)


@app.command()
def record(site: SitePath = None, home: Home = None) -> None:
    """The log into the store."""
    _role("alerts.recorder", site, home)


@app.command()
def deliver(site: SitePath = None, home: Home = None) -> None:
    """Alerts to people and devices."""
    _role("alerts.deliverer", site, home)


@app.command()
def console(site: SitePath = None, home: Home = None) -> None:
    """The page of the monitoring room."""
    _role("alerts.console.app", site, home)


@app.command()
def broker(site: SitePath = None, home: Home = None) -> None:
    """The embedded MQTT broker, on loopback only."""
    _role("ingest.broker", site, home)


@app.command("sign-in")
def sign_in(person: str, site: SitePath = None, home: Home = None) -> None:
    """A one-time link by which a person of the site signs in."""
    from alerts.console.session import sign_in_link

    typer.echo(sign_in_link(_settings(site=site, home=home), person))


@app.command()
def doctor(site: SitePath = None, home: Home = None) -> None:
    """Checks connections, clock, disk, versions and site, and says what to do."""
    from alerts.doctor import report

    lines, well = report(_settings(site=site, home=home))
    for line in lines:
        typer.echo(line)
    raise typer.Exit(0 if well else 1)


@app.command()
def replay(
    site: Path,
    recording: Path,
    alerts: Annotated[Path | None, typer.Option(help="write the JSON lines here instead")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="MODEL.parameter=value, as M12.blue_after=20min")] = None,
) -> None:
    """A recording through the very same fold: one JSON line a change of alert."""
    from alerts.replay import lines, parse_overrides
    from alerts.replay import replay as replayed
    from ingest.site_files import SiteFaults, read_site

    try:
        out = alerts.open("wb") if alerts else sys.stdout.buffer
        for line in lines(replayed(read_site(site), recording, parse_overrides(set_ or []))):
            out.write(line)
        out.flush()
    except SiteFaults as faults:
        for fault in faults.faults:
            typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None
    except (ValueError, OSError) as refused:
        typer.echo(f"{recording}: {refused}", err=True)
        raise typer.Exit(1) from None


def main() -> None:
    app()


if __name__ == "__main__":
    main()
