"""Where real people's messages lie, which tests read there and never copy."""

import os
from pathlib import Path

REAL_DATA = Path(os.environ.get("REAL_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
