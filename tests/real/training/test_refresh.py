"""A voice whose judges are learned anew: the same adapter, another version, which the old triplets say."""

from pathlib import Path

import numpy as np
import pytest

from nic_voice.versions import rollback, versions
from tests.manifests import a_manifest
from tests.people import pairs
from training.publish import staged
from training.refresh import refresh
from voice.alignment import Alignment
from voice.echo import learn
from voice.judges.verdict import Judges
from voice.manifest import ADAPTER_NAME, SplitRef, TripletsRef, VoiceManifest, file_sha256, verify
from voice.split import RULE, SplitError, split
from voice.style import HABITS, Verifier
from voice.triplet import Triplet, load_triplets, write_triplets


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A voice whose judges know nothing, beside the triplets that it was trained on."""
    write_triplets(tmp_path / "triplets.jsonl", (
        Triplet(f"s:{place}:0", "s", "chat", "message", f"t{place // 4}", None, "big", "s", neutral, own)
        for place, (neutral, own) in enumerate(pairs(200))
    ))  # fmt: skip
    file = load_triplets(tmp_path / "triplets.jsonl")
    parts = split(file.triplets, 0.3, 1000)
    out = tmp_path / "voices" / "ana"
    nothing = np.ones(len(HABITS), np.float32)
    (tmp_path / "voices" / ".versions" / "ana").mkdir(parents=True)
    with staged(out) as folder:
        (folder / ADAPTER_NAME).write_bytes(b"adapter")
        (folder / "scores.json").write_text("{}")
        Alignment().save(folder)
        learn([]).save(folder)
        Verifier(np.zeros(0, "U1"), np.zeros(0, np.float32), nothing, nothing, 0 * nothing, bias=0.0).save(folder)
        a_manifest(file_sha256(folder / ADAPTER_NAME)).model_copy(update={
            "triplets": TripletsRef(sha256=file.sha256, count=len(file.triplets), path=str(file_path(tmp_path))),
            "split": SplitRef(rule=RULE, share=0.3, most=1000, count=len(parts.held_out), sha256=parts.sha256),
        }).write(folder)  # fmt: skip
    return out


def file_path(folder: Path) -> Path:
    return folder / "triplets.jsonl"


def test_judges_are_learned_and_the_adapter_stays(published: Path) -> None:
    before = VoiceManifest.load(published)
    refresh(published, None)
    after = VoiceManifest.load(published)
    verify(published, after)
    assert after.adapter == before.adapter
    assert after.beside != before.beside
    assert Judges.load(published).alignment.spelled
    assert not (published / "scores.json").exists()
    root = published.parent
    assert len(versions(root, "ana")) == 2
    rollback(root, "ana")
    assert VoiceManifest.load(published) == before


def test_other_triplets_are_refused_and_the_version_stays(published: Path, tmp_path: Path) -> None:
    moved = file_path(tmp_path).rename(tmp_path / "moved.jsonl")
    with pytest.raises(SplitError, match="not there any more"):
        refresh(published, None)
    moved.write_text(moved.read_text().replace("chat", "post"))
    with pytest.raises(SplitError, match="is not the file that voice 'ana' was trained on"):
        refresh(published, moved)
    assert len(versions(published.parent, "ana")) == 1
