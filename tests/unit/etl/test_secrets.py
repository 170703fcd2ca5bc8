"""Secrets of connectors stand in files, and nowhere else."""

from pathlib import Path

import pytest

from etl.connectors._secrets import SecretFile, refuse_written, secret_file
from etl.declaration import Declaration
from warehouse.errors import SourceError, SourceUnavailable

KEY = ("connector", "password_file")


def _declared(folder: Path, text: str) -> Declaration:
    file = folder / "cards.toml"
    file.write_text(text)
    return Declaration(file)


def test_secret_when_its_file_changes_then_the_new_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text("first\n")
    declaration = _declared(tmp_path, '[connector]\npassword_file = "${CREDENTIALS}/cards"')
    secret = secret_file(declaration, KEY, {"CREDENTIALS": str(tmp_path)})
    assert secret is not None
    assert secret.read() == "first"
    (tmp_path / "cards").write_text(" 第二 \r\n")
    assert secret.read() == " 第二 "
    assert "第二" not in repr(secret)


@pytest.mark.parametrize(("mode", "is_read"), [(0o400, True), (0o440, True), (0o444, False)])
def test_secret_when_in_production_then_not_for_every_account(
    tmp_path: Path, mode: int, is_read: bool
) -> None:
    file = tmp_path / "cards"
    file.write_text("secret")
    file.chmod(mode)
    env = {"COCKPIT_PROFILE": "production"}
    declaration = _declared(tmp_path, '[connector]\npassword_file = "cards"')
    secret = secret_file(declaration, KEY, env)
    assert secret is not None
    if is_read:
        assert secret.read() == "secret"
    else:
        with pytest.raises(SourceUnavailable, match="0400"):
            secret.read()
    assert SecretFile(path=file).read() == "secret"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 70_000])
def test_secret_when_its_file_holds_none_then_it_says_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "cards"
    file.write_bytes(content)
    with pytest.raises(SourceUnavailable, match="cards: "):
        SecretFile(path=file).read()


def test_secret_when_its_file_is_missing_then_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="No such file"):
        SecretFile(path=tmp_path / "nowhere").read()


def test_secret_when_written_in_a_declaration_then_refused_and_not_repeated(tmp_path: Path) -> None:
    declaration = _declared(tmp_path, '[connector]\nkind = "postgres"\npassword = "hunter2"')
    refuse_written(declaration, ("connector",), ("password", "token"))
    assert secret_file(declaration, KEY, {}) is None
    assert secret_file(declaration, KEY, {}, required=True) is None
    with pytest.raises(SourceError) as told:
        declaration.finish()
    assert "cards.toml:3: connector.password: a secret" in str(told.value)
    assert "password_file: is missing" in str(told.value)
    assert "hunter2" not in str(told.value)
