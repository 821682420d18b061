import logging
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.settings import load_settings, log_effective


def test_defaults_and_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIC_VOICE_PORT", "9001")
    monkeypatch.setenv("NIC_VOICE_HOST", "0.0.0.0")
    monkeypatch.setenv("NIC_VOICE_MODEL", "")
    monkeypatch.setenv("NIC_VOICE_LOG_LEVEL", "debug")
    settings = load_settings(port=9002)
    assert (settings.host, settings.port, settings.voices) == ("0.0.0.0", 9002, Path("voices"))
    assert (settings.model, settings.log_level) == (None, "DEBUG")


def test_everything_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIC_VOICE_PORT", "secret-looking")
    monkeypatch.setenv("NIC_VOICE_DTYPE", "int3")
    monkeypatch.setenv("NIC_VOICE_LOG_LEVEL", "LOUD")
    monkeypatch.setenv("NIC_VOICE_VOICE", "x")
    with pytest.raises(SettingsError) as caught:
        load_settings(max_loras=0)
    message = str(caught.value)
    for part in (
        "NIC_VOICE_PORT",
        "NIC_VOICE_DTYPE",
        "NIC_VOICE_LOG_LEVEL",
        "--max_loras",
        "Did you mean NIC_VOICE_VOICES?",
    ):
        assert part in message
    assert "secret-looking" not in message


def test_credentials_of_systemd_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nic_voice_upstream_key").write_text("secret\n")
    (tmp_path / "of_another_program").write_text("whatever")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = load_settings()
    assert settings.upstream_key is not None
    assert settings.upstream_key.get_secret_value() == "secret"


@pytest.mark.parametrize("name", ["NIC_VOICE_CACHE", "NIC_VOICE_URL"])
def test_variables_of_others_are_known(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without = load_settings()
    monkeypatch.setenv(name, "somewhere")
    assert load_settings() == without


def test_effective_values_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="service"):
        log_effective(load_settings(port=9003))
    assert "port=9003" in caplog.text
    assert "max_model_len=2048" in caplog.text
