from pathlib import Path

import pytest
from click.testing import CliRunner

from nic_voice.main import main
from nic_voice.versions import VersionError, activate, names, prune, rollback, versions
from tests.manifests import a_manifest
from training.publish import point
from voice.manifest import ADAPTER_NAME, ManifestError, file_sha256

IDS = ["20260101T000000Z-aaaaaaaa", "20260201T000000Z-bbbbbbbb", "20260301T000000Z-cccccccc"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for made in IDS:
        folder = tmp_path / ".versions" / "ana" / made
        folder.mkdir(parents=True)
        (folder / ADAPTER_NAME).write_bytes(made.encode())
        a_manifest(file_sha256(folder / ADAPTER_NAME)).write(folder)
    (tmp_path / ".versions" / "ana" / ".half.part").mkdir()
    (tmp_path / ".versions" / "ana" / "20260401T000000Z-dddddddd").mkdir()  # no voice.json: it is not complete
    point(tmp_path / "ana", tmp_path / ".versions" / "ana" / IDS[2])
    return tmp_path


def now(root: Path) -> str:
    return (root / "ana").resolve().name


def test_the_complete_versions_are_listed_oldest_first(root: Path) -> None:
    assert names(root) == ["ana"]
    assert [(version.id, version.active) for version in versions(root, "ana")] == [
        (IDS[0], False), (IDS[1], False), (IDS[2], True),
    ]  # fmt: skip


def test_back_and_forth(root: Path) -> None:
    rollback(root, "ana")
    assert now(root) == IDS[1]
    rollback(root, "ana")
    assert now(root) == IDS[0]
    with pytest.raises(VersionError, match="no version before"):
        rollback(root, "ana")
    activate(root, "ana", "202603")
    assert now(root) == IDS[2]


def test_what_is_not_there_or_not_one_is_said(root: Path) -> None:
    for wanted, expected in (("2025", "is no version of voice 'ana': 20260101"), ("2026", "is not one version")):
        with pytest.raises(VersionError, match=expected):
            activate(root, "ana", wanted)
    with pytest.raises(VersionError, match=r"voice 'bob' in .*Known: ana\."):
        rollback(root, "bob")
    assert now(root) == IDS[2]


def test_a_damaged_version_is_not_activated(root: Path) -> None:
    (root / ".versions" / "ana" / IDS[0] / ADAPTER_NAME).write_bytes(b"other")
    with pytest.raises(ManifestError, match="damaged or was replaced"):
        activate(root, "ana", IDS[0])
    assert now(root) == IDS[2]


def test_pruning_keeps_the_newest_and_the_one_that_is_served(root: Path) -> None:
    activate(root, "ana", IDS[0])
    assert [version.id for version in prune(root, "ana", keep=1)] == [IDS[1]]
    assert [version.id for version in versions(root, "ana")] == [IDS[0], IDS[2]]
    assert prune(root, "ana", keep=1) == []


def test_the_commands(root: Path) -> None:
    def call(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["voices", "--voices", str(root), *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    assert call("list") == f"ana\n    {IDS[0]}\n    {IDS[1]}\n  * {IDS[2]}\n"
    assert call("rollback", "ana") == f"ana is {IDS[1]}\n"
    assert '"name": "ana"' in call("show", "ana")
    assert call("prune", "ana", "--keep", "1") == f"removed {IDS[0]}\n"
    assert call("activate", "ana", "202603") == f"ana is {IDS[2]}\n"
