"""Screenshots against the references beside them: what a person sees, on any machine with the same font."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image, ImageChops

REFERENCES = Path(__file__).parent / "looks"
# RENEW=1 takes what is seen now for right: look at it before you commit it.
RENEW = bool(os.environ.get("RENEW"))
_COLOURS = 64  # of a reference: cards are a few flat colours, and the edges of letters between them
_BLOCK = 8  # pixels; how letters are smoothed differs between machines, how dark a block is does not
_MOST = 24  # of 255: how much a block may differ; other smoothing makes 3, few colours 9, a missing cross 36
_MOST_PIXELS = 2  # how much a width or a height may


def difference(name: str, shot: bytes) -> str | None:
    """Return how a screenshot differs from its reference, or None."""
    path = REFERENCES / f"{name}.png"
    seen = Image.open(io.BytesIO(shot)).convert("RGB")
    if RENEW:
        _keep(path, seen)
        return None
    if not path.is_file():
        return f"{name}: there is no reference"
    kept = Image.open(path).convert("RGB")
    if any(abs(one - other) > _MOST_PIXELS for one, other in zip(seen.size, kept.size, strict=True)):
        return f"{name}: is {seen.size}, was {kept.size}"
    most = _most_different_block(seen, kept)
    return None if most <= _MOST else f"{name}: a part of it differs by {most} of 255"


def _most_different_block(seen: Image.Image, kept: Image.Image) -> int:
    size = (min(seen.width, kept.width), min(seen.height, kept.height))
    blurred = [image.crop((0, 0, *size)).reduce(_BLOCK) for image in (seen, kept)]
    return max(ImageChops.difference(*blurred).tobytes())


def _keep(path: Path, seen: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    reduced = seen.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)
