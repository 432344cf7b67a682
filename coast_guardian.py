"""The command line: parse, wire, start. No logic lives here."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

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

    def play(settings: Settings) -> int:
        from device_sim.run import main as simulated  # only in the child

        return simulated(settings, scenario, seed=1)

    raise typer.Exit(run_machine(_settings(site=site, home=home, mqtt=mqtt, console_port=port), play if simulate else None))


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
    from ingest.revisions import ruling_site

    settings = _settings(site=site, home=home)
    people = ruling_site(settings.log_url, settings.site).person
    if person not in people:
        typer.echo(f"the site knows nobody called {person}; it knows {', '.join(people)}", err=True)
        raise typer.Exit(1)
    typer.echo(sign_in_link(settings, person))


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
    compare: Annotated[bool, typer.Option("--compare", help="say what --set changes instead, side by side")] = False,
) -> None:
    """A recording through the very same fold: one JSON line a change of alert."""
    from alerts.replay import lines, parse_overrides
    from alerts.replay import replay as replayed
    from ingest.site_files import SiteFaults, read_site

    try:
        if compare:
            from alerts.compare import compare as compared

            typer.echo(compared(read_site(site), recording, parse_overrides(set_ or [])))
            return
        out = alerts.open("wb") if alerts else sys.stdout.buffer
        for line in lines(replayed(read_site(site), recording, parse_overrides(set_ or []))):
            out.write(line)
        out.flush()
    except BrokenPipeError:  # `| head`: who read has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except SiteFaults as faults:
        for fault in faults.faults:
            typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None
    except (ValueError, OSError) as refused:
        typer.echo(f"{recording}: {refused}", err=True)
        raise typer.Exit(1) from None


@site_app.command("check")
def site_check(folder: Path) -> None:
    """Every fault with file, line and what is expected; exits 1 where there is one."""
    from ingest.site_view import check
    from models.catalogue import check_thresholds

    _answer(check(folder, check_thresholds))


@site_app.command("show")
def site_show(folder: Path) -> None:
    """The site in figures."""
    from ingest.site_files import read_site
    from ingest.site_view import show

    _answer(show(read_site(folder)))


@site_app.command("init")
def site_init(folder: Path, around: Annotated[str, typer.Option(help="LON,LAT,KM")]) -> None:
    """A plain site around any point of the world, to be edited."""
    from ingest.site_view import init

    _answer(init(folder, around))


@site_app.command("apply")
def site_apply(folder: Path, home: Home = None) -> None:
    """Put a revision into the running system, telling what changes."""
    import time

    from ingest.log import open_log
    from ingest.site_view import apply
    from models.catalogue import check_thresholds

    log = open_log(_settings(home=home).log_url)
    _answer(apply(log, folder, int(time.time() * 1000), check_thresholds))


def _answer(answer: Any) -> None:
    typer.echo(answer.text, err=not answer.well)
    raise typer.Exit(0 if answer.well else 1)


@log_app.command("ls")
def log_ls(home: Home = None) -> None:
    """One row a topic and area."""
    from ingest.log import open_log
    from ingest.log_view import ls

    typer.echo(f"{'topic':<10} {'area':>4} {'first':>10} {'next':>10} {'bytes':>14}")
    for row in ls(open_log(_settings(home=home).log_url)):
        typer.echo(f"{row.topic:<10} {row.partition:>4} {row.first:>10} {row.next:>10} {row.bytes:>14}")


@log_app.command("tail")
def log_tail(
    topic: Annotated[str, typer.Argument()] = "events",
    area: Annotated[int | None, typer.Option(help="its number")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f")] = False,
    last: Annotated[int, typer.Option("--last", "-n")] = 10,
    home: Home = None,
) -> None:
    """What was written last, as JSON lines, and what comes."""
    import msgspec

    from ingest.log import open_log
    from ingest.log_view import tail

    for row in tail(open_log(_settings(home=home).log_url), topic, area, follow=follow, last=last):
        typer.echo(msgspec.json.encode(row).decode())


@log_app.command("export")
def log_export(
    out: Annotated[Path | None, typer.Option(help="file; .gz and .zst are packed")] = None,
    area: Annotated[list[str] | None, typer.Option(help="of these areas only")] = None,
    since: Annotated[str | None, typer.Option(help="RFC 3339")] = None,
    until: Annotated[str | None, typer.Option(help="RFC 3339")] = None,
    home: Home = None,
    site: SitePath = None,
) -> None:
    """A recording of what the log took, which `replay` judges to the same alerts."""
    from alerts.export import write_export

    try:
        typer.echo(write_export(_settings(home=home, site=site), out, area or [], since, until), err=True)
    except ValueError as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from None


Receiver = Annotated[str, typer.Option(help="device id of the receiver in the site")]
AreaId = Annotated[str, typer.Option(help="area in the topic; default: the receiver's")]
Speed = Annotated[float, typer.Option(help="1 = as fast as life")]
RecordTo = Annotated[Path | None, typer.Option("--record", help="write a recording instead of publishing")]


@feed_app.command("nmea")
def feed_nmea(source: str, receiver: Receiver = "", area: AreaId = "", speed: Speed = 1.0, record: RecordTo = None, site: SitePath = None) -> None:
    """Raw AIVDM from FILE, tcp://host:port or udp://:port."""
    _feed("nmea", source, receiver, area, speed, record, site)


@feed_app.command("csv")
def feed_csv(source: str, receiver: Receiver = "", area: AreaId = "", speed: Speed = 1.0, record: RecordTo = None, site: SitePath = None) -> None:
    """A table with the MarineCadastre columns, .gz too."""
    _feed("csv", source, receiver, area, speed, record, site)


def _feed(form: str, source: str, receiver: str, area: str, speed: float, record: Path | None, site: Path | None) -> None:
    from ingest.feed import feed
    from ingest.site_files import read_site

    settings = _settings(site=site)
    known = read_site(settings.site)
    found = known.device.get(receiver) if receiver else next((device for device in known.devices if device.type == "receiver"), None)
    if found is None or found.type != "receiver":
        typer.echo(
            f"no receiver {receiver or 'at all'} in this site; there are: {', '.join(d.id for d in known.devices if d.type == 'receiver') or 'none'}",
            err=True,
        )
        raise typer.Exit(1)
    raise typer.Exit(feed(settings, form, source, area or found.area, found.id, speed, record))


@sim_app.command("run")
def sim_run(scenario: str = "demo", seed: int = 1, speed: Speed = 1.0, site: SitePath = None, home: Home = None) -> None:
    """Play a scenario into the broker."""
    from device_sim.run import main as play

    raise typer.Exit(play(_settings(site=site, home=home), scenario, seed, speed))


@sim_app.command("record")
def sim_record(
    scenario: str, out: Path, truth: Annotated[Path, typer.Option(help="what was staged, and must be raised")], seed: int = 1,
    start: Annotated[int, typer.Option(help="ms since 1970")] = 1_767_225_600_000, site: SitePath = None,
) -> None:  # fmt: skip
    """Write a recording of a scenario, with the truth beside it."""
    from device_sim.record import record
    from device_sim.scenario import read_scenario
    from ingest.site_files import read_site

    record(read_site(_settings(site=site).site), read_scenario(scenario), seed, start, out, truth)


@sim_app.command("press")
def sim_press(box: str, seconds: float = 60.0, site: SitePath = None, home: Home = None) -> None:
    """Press a box's button and tell what it hears."""
    from device_sim.run import press

    raise typer.Exit(press(_settings(site=site, home=home), box, seconds))


@models_app.command("list")
def models_list() -> None:
    """The catalogue."""
    from alerts.wording import MODELS
    from models.catalogue import CATALOGUE

    for kind in CATALOGUE:
        typer.echo(f"{kind.code}  {kind.name:<18} {MODELS[kind.code][1]} · {MODELS[kind.code][0]}")


@models_app.command("explain")
def models_explain(
    code: Annotated[str, typer.Argument(help="as M13")],
    lang: Annotated[Literal["zh", "en"] | None, typer.Option(help="this language alone")] = None,
    site: SitePath = None,
) -> None:
    """The rule of a model, what it reads and hears, its words and its parameters, with what the site sets otherwise."""
    from alerts.manual_models import page
    from ingest.site_files import read_site

    try:
        typer.echo(page(code.upper(), lang or ""))
    except KeyError:
        typer.echo(f"no model {code}; there are those of `coast-guardian models list`", err=True)
        raise typer.Exit(1) from None
    for name, value in read_site(_settings(site=site).site).thresholds.get(code.upper(), {}).items():
        typer.echo(f"this site: {name} = {value}")


@app.command()
def alarms(hours: Annotated[float, typer.Option(help="looked back from now")] = 24.0, home: Home = None, site: SitePath = None) -> None:
    """How much the alerts ask of each seat: rates in ten minutes, floods, chattering, stale, shares, acknowledging and arrival."""
    import time

    from alerts.load import begun, load, markdown
    from alerts.store.opening import open_store
    from ingest.log import open_log
    from ingest.site_files import read_site

    settings = _settings(home=home, site=site)
    until = int(time.time() * 1000)
    store = open_store(settings)
    since = max(until - int(hours * 3_600_000), begun(open_log(settings.log_url), read_site(settings.site)))
    shapes = {shape["id"]: shape for shape in (*store.alerts(open_only=False, since=since, limit=100_000), *store.alerts(limit=100_000))}
    seats = {person.id: person.seat or person.post for person in read_site(settings.site).people}
    typer.echo(markdown(load((store.history(each) for each in shapes), since, until, seats)))


@app.command()
def score(
    scenario: list[str],
    seeds: Annotated[str, typer.Option(help="one seed or a range, as 1-10")] = "1",
    json: Annotated[Path | None, typer.Option(help="write the figures here too")] = None,
    start: Annotated[int, typer.Option(help="ms since 1970")] = 1_767_225_600_000,
    site: SitePath = None,
) -> None:
    """Play scenarios and lay the alerts beside the truth: recall, precision, times, false alarms. Scenes are played with perfect and realistic cameras.

    `day-on-the-coast` takes some minutes a seed.
    """
    import msgspec

    from alerts.score_text import beside, markdown
    from device_sim.scenario import read_scenario

    folder = _settings(site=site).site
    cards: dict[str, Any] = {}
    for name in scenario:
        found = read_scenario(name)
        both, _ = _scored(folder, found, seeds, start)
        if found.scenes:
            typer.echo("\n".join([f"# {name}, seeds {seeds}: perfect / realistic cameras", *beside(both.perfect, both.realistic), ""]))
            cards |= {f"{name}, seeds {seeds}, perfect cameras": both.perfect, f"{name}, seeds {seeds}, realistic cameras": both.realistic}
        else:
            cards[f"{name}, seeds {seeds}"] = both.perfect
    typer.echo(markdown(cards))
    if json:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(cards), indent=1))


@app.command(name="score-card")
def score_card(seeds: Annotated[str, typer.Option(help="of the day: one seed or a range")] = "1", out: Path = Path("docs/score-card.md")) -> None:
    """Write docs/score-card.md and the figures beside it as JSON: every scenario of scenes, and the day on the coast. Takes some minutes a seed."""
    import msgspec

    from alerts.score_page import Sheet, made_from, page
    from device_sim.scenario import FOLDER, read_scenario
    from ingest.site_files import read_site

    folder = Settings().site
    found = {path.stem: read_scenario(path.stem) for path in sorted(FOLDER.glob("*.toml"))}
    scenes = {name: _scored(folder, one, "1", 1_767_225_600_000)[0] for name, one in found.items() if one.length and not one.incidents}
    day, by_seed = _scored(folder, found["day_on_the_coast"], seeds, 0)
    codes = {line.model for both in (day, *scenes.values()) for card in (both.perfect, both.realistic) for line in card.lines}
    sheet = Sheet(made_from(read_site(folder), FOLDER.parent, codes), seeds, day, by_seed, scenes)
    out.with_suffix(".json").write_bytes(msgspec.json.format(msgspec.json.encode(sheet), indent=1))
    out.write_text(page(sheet), encoding="utf-8")


def _scored(folder: Path, scenario: Any, seeds: str, start: int) -> tuple[Any, dict[str, Any]]:
    """Cards with perfect and with realistic cameras, of all seeds and of each; the same twice where nothing is seen. Two runs at a time."""
    from concurrent.futures import ProcessPoolExecutor

    from msgspec import structs

    from alerts.score import card_of
    from alerts.score_page import Both
    from ingest.site_files import read_site

    first, _, last = seeds.partition("-")
    wanted = range(int(first), int(last or first) + 1)
    lenses = ("perfect", "realistic") if scenario.scenes else (scenario.lens,)
    with ProcessPoolExecutor(2) as pool:
        runs = list(pool.map(_run, [(folder, structs.replace(scenario, lens=lens), seed, start) for lens in lenses for seed in wanted]))
    site, perfect, realistic = read_site(folder), runs[: len(wanted)], runs[-len(wanted) :]
    alone = [structs.replace(card_of(site, [run]), by={}) for run in runs]
    by_seed = {str(seed): Both(one, other) for seed, one, other in zip(wanted, alone, alone[-len(wanted) :], strict=False)}
    return Both(card_of(site, perfect), card_of(site, realistic)), by_seed


def _run(wanted: tuple[Path, Any, int, int]) -> Any:
    from alerts.score import run_of
    from device_sim.coast import Coast
    from device_sim.day import with_day
    from device_sim.record import as_read, played
    from device_sim.vision import LENSES, commissioned
    from ingest.site_files import read_site
    from models.catalogue import CATALOGUE

    folder, scenario, seed, start = wanted
    site = commissioned(read_site(folder), LENSES[scenario.lens])
    start = scenario.start(site, start)
    coast = Coast(site, with_day(site, scenario, seed, start, [kind.code for kind in CATALOGUE]), seed, start)
    return run_of(played(coast), partial(as_read, coast), coast.truth)


@app.command()
def docs(folder: Annotated[Path, typer.Argument()] = Path("docs")) -> None:
    """Write the pages of docs/ and the tables of the README that are made from the code."""
    from alerts.manual import write

    for path in write(folder):
        typer.echo(str(path))


def main() -> None:
    app()


if __name__ == "__main__":
    main()
