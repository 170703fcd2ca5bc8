"""The launcher's parts, with real sockets, files and processes."""

import os
import resource
import secrets
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

import run
from warehouse.errors import Busy, SettingsError
from warehouse.keys import Keyring
from warehouse.settings import Settings


def _settings(home: Path, **env: str) -> Settings:
    return Settings.from_env({"COCKPIT_HOME": str(home), **env})


def _child(tmp_path: Path, code: str) -> run.Child:
    return run.Child(name="child", command=(sys.executable, "-c", code), log=tmp_path / "log")


def test_check_port_when_taken_then_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}"):
            run.check_port(_settings(tmp_path, PORT=port))


def test_check_port_when_free_then_leaves_it_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    run.check_port(_settings(tmp_path, PORT=str(port)))
    socket.create_server(("127.0.0.1", port)).close()


def test_check_port_when_the_host_is_unknown_then_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Cannot listen on 256\.1\.1\.1:8050"):
        run.check_port(_settings(tmp_path, HOST="256.1.1.1"))


def test_check_home_when_new_then_makes_it_private(tmp_path: Path) -> None:
    run.check_home(_settings(tmp_path / "new" / "home"))
    assert (tmp_path / "new" / "home").stat().st_mode & 0o777 == 0o700


def test_check_home_when_a_file_is_in_the_way_then_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="Choose another home"):
        run.check_home(_settings(tmp_path / "file" / "home"))


def test_check_home_when_nothing_can_be_written_then_says_so(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))  # as on a full disk
    try:
        with pytest.raises(SettingsError, match=r"Cannot write to .* Choose another home"):
            run.check_home(_settings(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_only_launcher_when_held_then_the_second_is_told_where(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    with (
        run.only_launcher(settings),
        pytest.raises(Busy, match=f"process {os.getpid()}, http://127.0.0.1:8050"),
        run.only_launcher(settings),
    ):
        pass


def test_only_launcher_when_released_then_the_next_may_start(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    with run.only_launcher(settings):
        pass
    with run.only_launcher(settings):
        pass


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8050"),
        ("0.0.0.0", "http://127.0.0.1:8050"),
        ("::", "http://[::1]:8050"),
    ],
)
def test_address_when_listening_everywhere_then_is_one_that_opens(
    tmp_path: Path, host: str, address: str
) -> None:
    assert run.address(_settings(tmp_path, HOST=host)) == address


def test_log_when_large_at_start_then_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "web.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (run.LOG_LIMIT_BYTES + 1))
    run.children(_settings(tmp_path))
    assert not log.exists()
    assert (tmp_path / "logs" / "web.log.1").stat().st_size == run.LOG_LIMIT_BYTES + 1


def test_child_when_it_keeps_dying_then_is_given_up_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BACK_OFF_SECONDS", (0.0, 0.0))
    child = _child(tmp_path, "print('why', flush=True); raise SystemExit(3)")
    child.start()
    with pytest.raises(run.ChildFailed, match="log says why"):
        _look_for(child, 20)
    assert (tmp_path / "log").read_text() == "why\n" * 3


def test_child_when_it_dies_once_then_runs_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BACK_OFF_SECONDS", (0.0, 0.0))
    child = _child(tmp_path, "import time; time.sleep(60)")
    child.start()
    first = child.process
    assert first is not None
    child.send(signal.SIGKILL)
    first.wait()
    child.look()
    child.look()
    assert child.process is not None
    assert child.process.poll() is None
    run.stop((child,))


def test_stop_when_a_child_ignores_it_then_uses_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "STOP_SECONDS", 0.3)
    deaf = _child(
        tmp_path,
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('ready', flush=True); time.sleep(60)",
    )
    deaf.start()
    while not deaf.log.read_text():
        time.sleep(0.02)
    run.stop((deaf,))
    assert deaf.process is not None
    assert deaf.process.returncode == -signal.SIGKILL


def _look_for(child: run.Child, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        child.look()
        time.sleep(0.02)


def test_run_when_in_production_with_a_new_home_then_makes_its_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "master.key"
    key.write_text(secrets.token_hex(32))
    key.chmod(0o400)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    production = {"COCKPIT_PROFILE": "production", "COCKPIT_MASTER_KEY_FILE": str(key)}
    settings = _settings(tmp_path / "home", PORT=port, **production)
    greetings: list[str] = []
    monkeypatch.setattr(run, "serve", lambda _settings, greeting: greetings.append(greeting()))
    run.run(settings)
    assert Keyring.open(settings).key("session")
    assert greetings == [f"The cockpit is ready at http://127.0.0.1:{port}"]
