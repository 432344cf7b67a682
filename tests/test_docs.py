"""What the documents say is so: pages made from the code are the code's, and commands that the README names exist."""

import re
from pathlib import Path
from shutil import copy, copytree

import pytest
import typer.main

from alerts.manual import write
from coast_guardian import app

ROOT = Path(__file__).parent.parent


def test_the_pages_made_from_the_code_are_up_to_date(tmp_path):
    copytree(ROOT / "docs", tmp_path / "docs")
    copy(ROOT / "README.md", tmp_path / "README.md")
    for path in write(tmp_path / "docs"):
        kept = ROOT / path.relative_to(tmp_path)
        assert kept.read_text() == path.read_text(), f"{kept.name} is not what the code says: make docs"


def named_commands() -> list[str]:
    return sorted({match.strip() for match in re.findall(r"coast-guardian ((?:[a-z]+(?:-[a-z]+)* ?){1,2})", (ROOT / "README.md").read_text())})


@pytest.mark.parametrize("named", named_commands())
def test_a_command_in_the_readme_exists(named):
    known = typer.main.get_command(app).commands
    words = named.split()
    assert words[0] in known
    below = getattr(known[words[0]], "commands", None)
    if below is not None and len(words) > 1:
        assert words[1] in below


def test_the_readme_names_commands():
    assert named_commands()


def test_the_brokers_access_list_names_every_kind_of_a_device_and_no_command():
    from ingest.events import PEOPLE
    from ingest.wire_permissions import KINDS_OF_TYPE

    page = (ROOT / "docs" / "administrator.md").read_text()
    written = set(re.findall(r"pattern write coast/\+/%u/(\S+)", page))
    assert written == set().union(*(kinds for device, kinds in KINDS_OF_TYPE.items() if device != "console")) - PEOPLE
