"""Draw the add-ons' icons and logos: `python -m addon.draw_icons` (needs Pillow).

A voice, as bars, beside written lines: speech to text reads from left to right, text to speech the
other way round.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parent
ICON_SIZE = (128, 128)
LOGO_SIZE = (250, 100)
OVERSAMPLING = 8
"""Shapes are drawn this much larger, then scaled down to smooth their edges."""

WHITE = "#ffffff"
BARS = (0.18, 0.42, 0.66, 0.34)
"""Heights of the voice's bars, as shares of the tile."""
LINES = (0.26, 0.18, 0.26)
"""Lengths of the written lines."""


def tile(size: int, color: str, *, voice_first: bool) -> Image.Image:
    """A square of `size` pixels with the sign on it."""
    side = size * OVERSAMPLING
    image = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, side - 1, side - 1), 0.22 * side, fill=color)
    voice_left, lines_left = (0.14, 0.60) if voice_first else (0.48, 0.14)
    stroke = 0.055
    for index, height in enumerate(BARS):
        left = voice_left + index * 1.9 * stroke
        _stroke(draw, side, (left, 0.5 - height / 2, left + stroke, 0.5 + height / 2))
    for index, length in enumerate(LINES):
        top = 0.35 + index * 0.13
        _stroke(draw, side, (lines_left, top, lines_left + length, top + stroke))
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _stroke(draw: ImageDraw.ImageDraw, side: int, box: tuple[float, ...]) -> None:
    left, top, right, bottom = (share * side for share in box)
    radius = min(right - left, bottom - top) / 2
    draw.rounded_rectangle((left, top, right, bottom), radius, fill=WHITE)


def logo(name: str, color: str, *, voice_first: bool) -> Image.Image:
    """The tile with the name beside it."""
    width, height = LOGO_SIZE
    image = Image.new("RGBA", LOGO_SIZE)
    image.paste(tile(76, color, voice_first=voice_first), (8, 12))
    font = ImageFont.load_default(36)
    ImageDraw.Draw(image).text((96, height / 2), name, fill=color, font=font, anchor="lm")
    assert 96 + font.getlength(name) < width, f"{name} does not fit"
    return image


def write(folder: Path, name: str, color: str, *, voice_first: bool) -> None:
    """Write icon.png and logo.png of one add-on."""
    tile(ICON_SIZE[0], color, voice_first=voice_first).save(folder / "icon.png", optimize=True)
    logo(name, color, voice_first=voice_first).save(folder / "logo.png", optimize=True)


if __name__ == "__main__":
    write(HERE / "funasr", "FunASR", "#1769aa", voice_first=True)
    write(HERE / "melotts", "MeloTTS", "#b4521e", voice_first=False)
