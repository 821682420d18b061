import errno
from pathlib import Path

import pytest

from tests.manifests import a_manifest
from training.publish import PublishError, check_target, staged
from voice.errors import UserError
from voice.manifest import ADAPTER_NAME, ManifestError, VoiceManifest, file_sha256, verify


def publish_bytes(out: Path, content: bytes) -> VoiceManifest:
    check_target(out)
    with staged(out) as folder:
        (folder / ADAPTER_NAME).write_bytes(content)
        manifest = a_manifest(file_sha256(folder / ADAPTER_NAME))
        manifest.write(folder)
    return manifest


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

    with pytest.raises(UserError, match="disk is full"), staged(tmp_path / "ana") as folder:
        (folder / "half").write_bytes(b"")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_without_a_manifest_is_not_published(tmp_path: Path) -> None:
    check_target(tmp_path / "ana")
    with pytest.raises(ManifestError, match="not a finished voice"), staged(tmp_path / "ana") as folder:
        (folder / ADAPTER_NAME).write_bytes(b"one")
    assert not (tmp_path / "ana").exists()


@pytest.mark.parametrize("name", ["Nic", "a b", "-x", "ä"])
def test_a_bad_name_is_refused_before_any_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(PublishError, match="cannot be a voice's name"):
        check_target(tmp_path / name)


def test_somebody_elses_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "ana").mkdir()
    with pytest.raises(PublishError, match="is not a published voice"):
        check_target(tmp_path / "ana")
