import errno
from pathlib import Path

import pytest

from tests.manifests import a_manifest
from training.publish import ExportError, check_target, publish
from voice.errors import UserError
from voice.manifest import ADAPTER_NAME, VoiceManifest, verify


def publish_bytes(out: Path, content: bytes) -> VoiceManifest:
    def save(folder: Path) -> None:
        (folder / ADAPTER_NAME).write_bytes(content)

    check_target(out)
    return publish(out, save, a_manifest)


def test_a_voice_is_a_link_to_a_complete_version(tmp_path: Path) -> None:
    manifest = publish_bytes(tmp_path / "ana", b"one")
    assert (tmp_path / "ana").is_symlink()
    assert VoiceManifest.load(tmp_path / "ana") == manifest
    verify(tmp_path / "ana", manifest)


def test_a_second_version_takes_over_and_the_first_stays(tmp_path: Path) -> None:
    publish_bytes(tmp_path / "ana", b"one")
    first = (tmp_path / "ana").resolve()
    publish_bytes(tmp_path / "ana", b"two")
    assert (tmp_path / "ana" / ADAPTER_NAME).read_bytes() == b"two"
    assert (first / ADAPTER_NAME).read_bytes() == b"one"


def test_a_full_disk_keeps_the_old_version_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    publish_bytes(tmp_path / "ana", b"one")
    before = sorted(tmp_path.rglob("*"))

    def full(folder: Path) -> None:
        (folder / "half").write_bytes(b"")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError, match="disk is full"):
        publish(tmp_path / "ana", full, a_manifest)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["Nic", "a b", "-x", "ä"])
def test_a_bad_name_is_refused_before_any_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match="cannot be a voice's name"):
        check_target(tmp_path / name)


def test_somebody_elses_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "ana").mkdir()
    with pytest.raises(ExportError, match="is not a published voice"):
        check_target(tmp_path / "ana")
