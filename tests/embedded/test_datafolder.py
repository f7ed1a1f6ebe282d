"""The data folder: secrets generated once, and the environment that `make run` writes for `manage.py`."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config.datafolder import DataFolderError
from config.local.embedded.datafolder import DataFolder
from config.peers import NAMES, PEERS


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    credentials = [name for peer in PEERS for name in peer.credentials]
    for name in ("SANDBOX", "DATABASE_URL", "REDIS_URL", "ROSTER_DATA", *credentials):
        monkeypatch.delenv(name, raising=False)
    data = DataFolder(tmp_path / "data")
    data.prepare()
    return data


def test_secrets_are_generated_once(data: DataFolder) -> None:
    before = data.environment(NAMES)
    data.prepare()
    data.keep({"PORT": "8000"})
    assert data.environment(NAMES) == before | {"PORT": "8000"}
    Fernet(before["PLATFORM_ENCRYPTION_KEYS"])
    assert before["OPENAI_API_KEY"].startswith("sk-sandbox-")


def test_the_file_is_readable_by_its_owner_only(data: DataFolder) -> None:
    assert (data.path / "environment.json").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in data.path.iterdir()] == ["environment.json"]


def test_there_is_nothing_before_the_first_start(tmp_path: Path) -> None:
    assert DataFolder(tmp_path / "none").environment() == {}


def test_a_damaged_file_stops_the_start_instead_of_generating_new_keys(data: DataFolder) -> None:
    (data.path / "environment.json").write_text('{"always": ')
    with pytest.raises(DataFolderError, match=r"environment\.json is damaged"):
        data.prepare()


def test_sandbox_credentials_exist_only_with_the_sandbox(data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    data.keep({"SANDBOX": "1"})
    assert "SLACK_CLIENT_SECRET" in data.environment()
    monkeypatch.setenv("SANDBOX", "0")
    assert "SLACK_CLIENT_SECRET" not in data.environment()
    assert "SLACK_CLIENT_SECRET" in data.environment(NAMES)


def test_only_the_accounts_of_played_services_are_used(data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    data.keep({"SANDBOX": "slack,mail", "EMAIL_URL": "smtp://127.0.0.1:9025"})
    known = data.environment()
    assert {"SLACK_CLIENT_SECRET", "EMAIL_URL"} <= set(known)
    assert not {"OPENAI_API_KEY", "STRIPE_SECRET_KEY"} & set(known)
    monkeypatch.setenv("SANDBOX", "1")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "real")
    assert not {"SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"} & set(data.environment())
    assert {"OPENAI_API_KEY", "STRIPE_SECRET_KEY"} <= set(data.environment())
    monkeypatch.setenv("SANDBOX", "0")
    assert "EMAIL_URL" not in data.environment(), "its server is not running"


def test_an_external_database_hides_all_embedded_ones(data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    data.keep({"DATABASE_URL": "postgres://a", "DATABASE_OWNER_URL": "postgres://b", "REDIS_URL": "redis://c"})
    monkeypatch.setenv("DATABASE_URL", "postgres://outside")
    environment = data.environment()
    assert "DATABASE_OWNER_URL" not in environment
    assert environment["REDIS_URL"] == "redis://c"


def test_urls_of_unused_services_are_removed(data: DataFolder) -> None:
    data.keep({"DATABASE_ADMIN_URL": "postgres://embedded", "REDIS_URL": "redis://c"})
    data.keep({"REDIS_URL": "redis://outside"})
    assert "DATABASE_ADMIN_URL" not in data.environment()


def test_roster_data_names_the_folder_and_has_to_be_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROSTER_DATA", "/some/where")
    assert DataFolder.default().path == Path("/some/where")
    monkeypatch.setenv("ROSTER_DATA", "some/where")
    with pytest.raises(DataFolderError, match="ROSTER_DATA is 'some/where': set it to an absolute path"):
        DataFolder.default()
