"""A new version of a voice with the same adapter and new judges: those that this nic-voice learns from its triplets.

In: a published voice and the file that it was trained on. Out: the next version of it, which a running service takes.
"""

import shutil
from pathlib import Path

from training import there
from training.judges import write_judges
from training.publish import check_target, staged
from voice.manifest import FILE_NAME, VoiceManifest, verify
from voice.split import parts_of

SCORES = "scores"  # what the names of measured scores begin with


def refresh(out: Path, triplets: Path | None) -> None:
    """Publish the voice at `out` anew; `triplets` is where the file is now. SplitError when it is another one.

    Its scores stay with the version that they were measured on.
    """
    check_target(out)
    manifest = VoiceManifest.load(out)
    verify(out, manifest)
    parts = parts_of(manifest, triplets)
    config = manifest.training.get("config", {})
    fresh = config.get("fresh_adapter", True) and not config.get("replay_share", 0)
    with staged(out) as folder:
        for path in out.resolve().iterdir():
            if path.is_file() and path.name != FILE_NAME and not path.name.startswith(SCORES):
                shutil.copy2(path, folder / path.name)
        write_judges(folder, parts.learn, [] if fresh else there.read())
        manifest.write(folder)
