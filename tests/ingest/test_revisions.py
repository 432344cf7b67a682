import importlib.util
import shutil
from pathlib import Path

import pytest
from msgspec import structs

from ingest.events import SiteChange
from ingest.log import EVENTS, SITES, Record, open_log
from ingest.records import Codec
from ingest.revisions import apply_site, current_site, differences, ruling_site, site_at
from ingest.site import with_revision
from ingest.site_files import SiteFaults, read_site
from ingest.site_view import apply

EXAMPLE = Path(__file__).resolve().parents[2] / "sites" / "quanzhou-bay"
_spec = importlib.util.spec_from_file_location("site_log", Path(__file__).with_name("site_log.py"))
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)


@pytest.fixture
def log():
    return _module.MemoryLog()


@pytest.fixture(scope="module")
def old():
    return read_site(EXAMPLE)


@pytest.fixture(scope="module")
def new(old):
    first = structs.replace(old.devices[0], position=(old.devices[0].position[0], old.devices[0].position[1] + 0.001))
    added = structs.replace(old.devices[1], id="box-9999", place="QZ-9999")
    thresholds = {**old.thresholds, "M12": {"blue_after": 2_400_000}}
    return with_revision(structs.replace(old, devices=(first, *old.devices[1:], added), thresholds=thresholds))


def test_the_first_reader_puts_the_folder_in_and_later_ones_find_it(log, old, tmp_path):
    assert current_site(log, EXAMPLE) == old
    assert current_site(log, tmp_path / "gone") == old
    assert len(log.kept[SITES, 0]) == 1


def test_a_folder_with_faults_is_not_put_in(log, tmp_path):
    with pytest.raises(SiteFaults):
        current_site(log, tmp_path)
    assert log.kept == {}


def test_who_only_looks_makes_no_log_and_puts_no_site_in(old, new, tmp_path):
    url = f"sqlite:///{tmp_path / 'log.db'}"
    assert ruling_site(url, EXAMPLE) == old
    assert list(tmp_path.iterdir()) == []
    log = open_log(url)
    assert ruling_site(url, EXAMPLE) == old
    assert log.partitions(SITES) == []
    apply_site(log, new, 1_000)
    assert ruling_site(url, EXAMPLE) == new
    log.close()


def test_a_new_revision_rules_and_every_area_hears_of_it(log, old, new):
    current_site(log, EXAMPLE)
    assert apply_site(log, new, 1_000) == new.revision
    assert current_site(log, EXAMPLE) == new
    for area in new.areas:
        (entry,) = log.kept[EVENTS, area.number]
        assert Codec().unpack(entry.value).events == [SiteChange(device="site", received=1_000, ts=1_000, revision=new.revision)]
        assert dict(entry.headers)["site"] == new.revision
    assert site_at(log, old.revision) == old


def test_what_rules_already_is_not_put_in_again(log, old):
    current_site(log, EXAMPLE)
    assert apply_site(log, old, 1_000) == ""
    assert (EVENTS, 1) not in log.kept


def test_going_back_to_an_old_revision(log, old, new):
    for site in (old, new, old):
        apply_site(log, site, 1_000)
    assert current_site(log, EXAMPLE).revision == old.revision


def test_what_others_keep_in_the_topic_is_no_site(log, old):
    current_site(log, EXAMPLE)
    log.append([Record(SITES, 0, b"skip", b"skip/1/7")])
    assert current_site(log, EXAMPLE) == old


def test_an_unknown_revision_is_told(log):
    with pytest.raises(KeyError, match="0123"):
        site_at(log, "0123")


def test_the_operator_sees_what_changes(old, new):
    told = "\n".join(differences(old, new))
    assert "box box-9999 added in huian" in told
    assert "box box-0001 moved by 111 m" in told
    assert "threshold M12.blue_after: 1800000 -> 2400000" in told
    assert differences(old, old) == []


def test_an_area_never_changes_its_number(log, tmp_path):
    current_site(log, EXAMPLE)
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "site"))
    text = (folder / "site.toml").read_text(encoding="utf-8")
    (folder / "site.toml").write_text(text.replace("number = 2", "number = 3"), encoding="utf-8")
    answer = apply(log, folder, 1_000)
    assert not answer.well
    assert "shishi" in answer.text
