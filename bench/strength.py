"""What strength does: a voice at five strengths, judged on the same texts, and a picture of it.

    python -m bench.strength [--quick] [--json FILE] [--svg FILE] [--voice voices/nic] [--pairs FILE] [--guard LEVEL]

Without --voice the made-up owner's is trained first and judged on what was held out. `style`: 0 is the draft, 1 the
owner, with its 95 % interval; shares in percent.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.levers import SHOWN
from bench.report import show
from nic_voice.quickstart import make_triplets
from nic_voice.serving import nic_voice
from training.curve import AMBER, HELD_OUT, STYLE, TRAINING, as_svg
from voice.atomic import write_text

STRENGTHS, QUICK_STRENGTHS = (0.25, 0.5, 0.75, 1.0, 1.25), (0.5, 1.25)
STEPS = 240  # six minutes on two cores
LINES = {"near-copies %": HELD_OUT, "unexplained %": AMBER, "lost %": "#c2528b"}


def main() -> None:
    """Judge the voice at each strength, print the table, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help=f"strengths {QUICK_STRENGTHS}, a third of the training")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="the picture")
    parser.add_argument("--voice", type=Path, help="a voice's folder")
    parser.add_argument("--pairs", type=Path, help="pairs to judge it on; else what was held out")
    parser.add_argument("--guard", default="full", help="what the guard looks at: full, facts or off")
    arguments = parser.parse_args()
    strengths = QUICK_STRENGTHS if arguments.quick else STRENGTHS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        voice = arguments.voice or _train(folder, STEPS // 3 if arguments.quick else STEPS)
        pairs = ["--pairs", str(arguments.pairs)] if arguments.pairs else []
        environment = os.environ | {"NIC_VOICE_GUARD": arguments.guard}
        rows = [_judged(voice, strength, pairs, environment, folder / "scores.json") for strength in strengths]
    show("Strength", rows, arguments.json, width=120, guard=arguments.guard)
    if arguments.svg:
        write_text(arguments.svg, drawing(rows))


def _train(folder: Path, steps: int) -> Path:
    voice = folder / "voices" / "demo"
    command = nic_voice("train", "--triplets", str(make_triplets(folder)), "--out", str(voice), "--set",
                        f"max_steps={steps}", "--set", "epochs=50")  # fmt: skip
    subprocess.run(command, check=True)
    return voice


def _judged(
    voice: Path, strength: float, pairs: Sequence[str], environment: dict[str, str], scores: Path
) -> dict[str, Any]:
    """What the voice reaches at that strength."""
    command = nic_voice("evaluate", voice.name, "--voices", str(voice.parent), "--no-base", "--json", str(scores),
                        "--strength", f"{strength:g}", *pairs)  # fmt: skip
    subprocess.run(command, check=True, env=environment)
    content = json.loads(scores.read_text())
    reached = next(one for one in content["contestants"] if one["name"] == voice.name)
    style, low, high = reached["style"]["style"]
    row = {"strength": strength, "texts": content["texts"], "style": style, "from": low, "to": high}
    return row | {shown: reached[key][0] for key, shown in SHOWN.items()}


def drawing(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as SVG: style with its interval above, and what it costs below."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    steps = [row["strength"] for row in rows]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 5.4), layout="constrained")
        above, below = figure.subplots(2, sharex=True)
        above.set(title="What strength does", ylabel="style (0 draft, 1 owner)")
        above.fill_between(steps, [row["from"] for row in rows], [row["to"] for row in rows], color=TRAINING, alpha=0.2)
        above.plot(steps, [row["style"] for row in rows], "o-", color=TRAINING, linewidth=2)
        below.set(xlabel="strength", ylabel="% of texts, or of words", xticks=steps)
        for key, colour in LINES.items():
            below.plot(steps, [row[key] for row in rows], "o-", color=colour, linewidth=2, label=key.removesuffix(" %"))
        below.legend()
        return as_svg(figure)


if __name__ == "__main__":
    main()
