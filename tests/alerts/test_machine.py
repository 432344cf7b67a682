"""What stops a start is said in a sentence, before any role is started."""

import contextlib
import os
import socket

import pytest

from alerts.machine import cannot_run
from ingest.settings import Settings


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(home, **more):
    return Settings(home=home, mqtt="embedded", **{"console_host": "127.0.0.1", "console_port": free(), "embedded_port": free()} | more)


def test_a_fresh_folder_and_free_ports_may_run(tmp_path):
    with contextlib.ExitStack() as held:
        assert cannot_run(settings(tmp_path / "new"), held) is None


def test_a_folder_that_runs_already_is_refused_and_free_again_after_it(tmp_path):
    with contextlib.ExitStack() as first:
        assert cannot_run(settings(tmp_path), first) is None
        with contextlib.ExitStack() as second:
            assert "already runs" in str(cannot_run(settings(tmp_path), second))
    with contextlib.ExitStack() as third:
        assert cannot_run(settings(tmp_path), third) is None


@pytest.mark.parametrize(("port", "what"), [("console_port", "console"), ("embedded_port", "broker")])
def test_a_taken_port_is_named_with_the_setting_that_changes_it(tmp_path, port, what):
    with socket.socket() as taken, contextlib.ExitStack() as held:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = str(cannot_run(settings(tmp_path, **{port: taken.getsockname()[1]}), held))
    assert what in said
    assert f"COAST_{port.upper()}" in said


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with contextlib.ExitStack() as held:
        assert "cannot be written" in str(cannot_run(settings(tmp_path / "file" / "home"), held))


def test_the_lock_does_not_outlive_its_holder(tmp_path):
    child = os.fork()
    if not child:
        held = contextlib.ExitStack()
        os._exit(0 if cannot_run(settings(tmp_path), held) is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    with contextlib.ExitStack() as held:
        assert cannot_run(settings(tmp_path), held) is None
