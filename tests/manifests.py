"""A manifest for tests that need one and do not care what it says."""

from datetime import UTC, datetime

from voice.facts.rules import VERSION as MASKING_VERSION
from voice.manifest import AdapterRef, BaseModelRef, TripletsRef, VoiceManifest


def a_manifest(adapter_sha256: str) -> VoiceManifest:
    """The manifest of the voice 'ana', whose adapter has this SHA-256."""
    return VoiceManifest(
        name="ana",
        base_model=BaseModelRef(name="m", sha256="0"),
        prompt_version=2,
        system={"chat": {"sentence": "s"}},
        default_register="chat",
        units=["sentence"],
        masking=MASKING_VERSION,
        triplets=TripletsRef(sha256="0", count=1),
        adapter=AdapterRef(sha256=adapter_sha256, rank=16, alpha=32),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
