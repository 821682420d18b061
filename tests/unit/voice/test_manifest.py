from pathlib import Path

import pytest

from tests.manifests import a_manifest
from voice.manifest import ADAPTER_NAME, ManifestError, VoiceManifest, file_sha256, verify


def manifest(folder: Path) -> VoiceManifest:
    (folder / ADAPTER_NAME).write_bytes(b"weights")
    return a_manifest(file_sha256(folder / ADAPTER_NAME))


def test_a_written_manifest_reads_back_and_verifies(tmp_path: Path) -> None:
    written = manifest(tmp_path)
    written.write(tmp_path)
    assert VoiceManifest.load(tmp_path) == written
    verify(tmp_path, written)


def test_a_changed_adapter_is_refused_by_name(tmp_path: Path) -> None:
    written = manifest(tmp_path)
    (tmp_path / ADAPTER_NAME).write_bytes(b"other weights")
    with pytest.raises(ManifestError, match=r"Voice 'ana': adapter_model\.safetensors has SHA-256"):
        verify(tmp_path, written)


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, "not a finished voice"), ("{}", "adapter, base_model"), ("nonsense", "not a voice manifest")],
)
def test_a_folder_without_a_good_manifest_is_no_voice(tmp_path: Path, content: str | None, expected: str) -> None:
    if content is not None:
        (tmp_path / "voice.json").write_text(content)
    with pytest.raises(ManifestError, match=expected):
        VoiceManifest.load(tmp_path)
