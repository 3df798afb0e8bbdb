"""What people do to a picture that they pass on, for the evaluation.

Crops of feeds and thumbnails, margins, pages round a photo, stickers, the
newer codecs, edits: the grid `EVERYDAY`, beside that of `stegastamp.attacks`,
whose damage is used here and not repeated.

Fractions named "side" are of the width and of the height; areas are said so.
"""

import io
import re

import cv2
import numpy as np

from stegastamp.attacks import (
    Attack,
    brightness,
    crop_center,
    crop_margins,
    erase,
    flip,
    grayscale,
    jpeg,
    median,
    resize,
    rotate,
    through_file,
)

# Codecs -------------------------------------------------------------------


def webp(image, quality):
    """Writes and reads a WebP file in memory; `quality` is 1 to 100."""
    return through_file(image, ".webp", [cv2.IMWRITE_WEBP_QUALITY, quality])


def avif(image, quality):
    """Writes and reads an AVIF file in memory; `quality` is 1 to 100."""
    return through_file(
        image,
        ".avif",
        [cv2.IMWRITE_AVIF_QUALITY, quality, cv2.IMWRITE_AVIF_SPEED, 9],
    )


def gif(image, colors):
    """Writes and reads a GIF file in memory of `colors` (2 to 256)."""
    # Not at the top: nothing else that uses a model needs it.
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).quantize(colors).save(file, "GIF")
    return np.array(Image.open(file).convert("RGB"))


# Geometry -----------------------------------------------------------------


def enlarge(image, factor):
    """Enlarges both sides by `factor` (above 1)."""
    return cv2.resize(
        image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC
    )


def scale_to(image, width):
    """Scales the photo to this width in pixels."""
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    return squeeze(image, width, height)


def squeeze(image, width, height):
    """Gives the photo this size, whatever its shape was."""
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def crop_to(image, aspect):
    """The largest middle part of `aspect`, width over height."""
    height, width = image.shape[:2]
    columns = min(width, max(1, round(height * aspect)))
    rows = min(height, max(1, round(width / aspect)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return image[top : top + rows, left : left + columns].copy()


def thumbnail(image, side):
    """The middle square, at `side` pixels."""
    return squeeze(crop_to(image, 1), side, side)


def cut(image, left=0.0, top=0.0, right=0.0, bottom=0.0):
    """Cuts shares of the width and of the height off single sides."""
    height, width = image.shape[:2]
    x, y = round(left * width), round(top * height)
    last_x = max(x + 1, width - round(right * width))
    last_y = max(y + 1, height - round(bottom * height))
    return image[y:last_y, x:last_x].copy()


def turn(image, quarters):
    """Turns by quarters of a circle, counter-clockwise."""
    return np.ascontiguousarray(np.rot90(image, quarters))


def upside_down(image):
    """Mirrors top and bottom."""
    return np.ascontiguousarray(image[::-1])


def straighten(image, degrees):
    """Turns about the centre and crops to the part that stays filled."""
    height, width = image.shape[:2]
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    # The largest upright rectangle of the photo's own shape inside it.
    side = min(
        width / (width * cosine + height * sine),
        height / (width * sine + height * cosine),
    )
    return crop_center(rotate(image, degrees), side)


# What is put round a photo, and on it -------------------------------------


def frame(image, across, down, level):
    """Adds bars of `across` of the width and `down` of the height, each side.

    Args:
        image: uint8 [H, W, 3].
        across, down: float, shares of the side.
        level: int, gray of the bars.
    """
    height, width = image.shape[:2]
    y, x = round(down * height), round(across * width)
    return cv2.copyMakeBorder(
        image, y, y, x, x, cv2.BORDER_CONSTANT, value=(level,) * 3
    )


def page_screenshot(image):
    """The photo on a page of twice its sides with text, halved, JPEG 60."""
    height, width = image.shape[:2]
    page = np.full((2 * height, 2 * width, 3), 245, np.uint8)
    size = height / 400
    for line in range(1, 40):
        cv2.putText(
            page,
            "what a page says beside a photo, line by line",
            (round(0.05 * width), round(line * height / 20)),
            cv2.FONT_HERSHEY_SIMPLEX,
            size,
            (40, 40, 40),
        )
    top, left = height // 3, width // 3
    page[top : top + height, left : left + width] = image
    return jpeg(resize(page, 0.5), 60)


def beside(image):
    """The photo beside another one of its size (itself, blurred)."""
    return np.hstack([image, cv2.blur(upside_down(image), (9, 9))])


def sticker(image, area):
    """Covers `area` (0 to 1) by a disc, off the middle."""
    height, width = image.shape[:2]
    result = image.copy()
    radius = max(1, round((area * height * width / np.pi) ** 0.5))
    centre = round(0.62 * width), round(0.6 * height)
    cv2.circle(result, centre, radius, (250, 210, 40), -1, cv2.LINE_AA)
    return result


def captions(image):
    """Large white text with a black outline, above and below."""
    height, width = image.shape[:2]
    result = image.copy()
    for row, text in ((0.14, "ONE DOES NOT"), (0.95, "SIMPLY STAMP")):
        for color, thick in (((0, 0, 0), 0.02), ((255, 255, 255), 0.007)):
            cv2.putText(
                result,
                text,
                (round(0.06 * width), round(row * height)),
                cv2.FONT_HERSHEY_DUPLEX,
                width / 270,
                color,
                max(1, round(thick * width)),
                cv2.LINE_AA,
            )
    return result


def printed(image, fill):
    """A print on paper, photographed: `fill` (0 to 1) of the frame's side.

    Paper border, a colour cast, a slope of light, a view slightly from aside,
    a desk behind, blur, and JPEG 80.
    """
    height, width = image.shape[:2]
    paper = frame(image, 0.03, 0.03, 240)
    rows, columns = paper.shape[:2]
    cast = np.array([0.95, 0.9, 0.8]) * 0.8
    slope = np.linspace(0.85, 1.1, columns)[None, :, None]
    paper = np.clip(paper * cast * slope + 12, 0, 255).astype(np.uint8)
    inset = (1 - fill) / 2
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    aside = 0.01 * np.array([[1, 0], [0, 1], [-1, -1], [1, 1]])
    place = inset + fill * corners + aside
    matrix = cv2.getPerspectiveTransform(
        np.float32(corners * [columns, rows]),
        np.float32(place * [width, height]),
    )
    desk = np.full_like(image, (110, 80, 60))
    seen = cv2.warpPerspective(
        paper, matrix, (width, height), desk, borderMode=cv2.BORDER_TRANSPARENT
    )
    return jpeg(cv2.GaussianBlur(seen, (0, 0), 0.8), 80)


# Edits --------------------------------------------------------------------


def autocontrast(image):
    """Stretches the levels between the darkest and lightest percent."""
    low, high = np.percentile(image, (1, 99))
    scale = 255 / max(1.0, high - low)
    return np.clip((image - low) * scale, 0, 255).astype(np.uint8)


def equalize(image):
    """Equalises the histogram of the luma."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
    luma[..., 0] = cv2.equalizeHist(luma[..., 0])
    return cv2.cvtColor(luma, cv2.COLOR_YCrCb2RGB)


def sharpen(image):
    """Unsharp mask of 2 pixels."""
    blurred = cv2.GaussianBlur(image, (0, 0), 2)
    return cv2.addWeighted(image, 1.8, blurred, -0.8, 0)


def invert(image):
    """The negative."""
    return 255 - image


def feed(image):
    """Scaled to 320 pixels, JPEG 50."""
    return jpeg(scale_to(image, 320), 50)


def messenger(image):
    """Passed on three times: x .6 JPEG 70, WebP 60, x 1.3 JPEG 60."""
    return jpeg(enlarge(webp(jpeg(resize(image, 0.6), 70), 60), 1.3), 60)


# The grid -----------------------------------------------------------------

_ROWS = (
    *((f"scaled by {f:g}", resize, f) for f in (0.75, 0.5)),
    ("scaled by 3", enlarge, 3),
    *((f"scaled to {w} px", scale_to, w) for w in (320, 96, 48)),
    ("squeezed to 150x150", squeeze, 150, 150),
    *((f"JPEG {q}", jpeg, q) for q in (30, 25, 15, 10, 8)),
    *((f"WebP {q}", webp, q) for q in (80, 60, 50, 30, 10)),
    *((f"AVIF {q}", avif, q) for q in (80, 50, 30)),
    ("GIF of 16 colours", gif, 16),
    ("scaled to 320 px, JPEG 50", feed),
    ("x.6 JPEG 70, WebP 60, x1.3 JPEG 60", messenger),
    ("mirrored", flip),
    ("upside down, mirrored", upside_down),
    *((f"turned by {90 * n}", turn, n) for n in (1, 2, 3)),
    *((f"turned by {d}", rotate, d) for d in (1, 2, 3, 5, 7, 10, 15, 45)),
    *((f"straightened by {d}", straighten, d) for d in (2, 5)),
    *(
        (f"{100 * m:g} % cut off each side", crop_margins, m)
        for m in (0.02, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2)
    ),
    *(
        (f"{100 * m:g} % cut off the right", cut, 0, 0, m)
        for m in (0.05, 0.1, 0.15, 0.2, 0.5)
    ),
    *(
        (f"{100 * m:g} % cut off the bottom", cut, 0, 0, 0, m)
        for m in (0.05, 0.1, 0.15)
    ),
    ("cropped to 16:9", crop_to, 16 / 9),
    ("cropped to 1.91:1", crop_to, 1.91),
    ("cropped to 5:4", crop_to, 1.25),
    ("cropped to 4:5", crop_to, 0.8),
    ("cropped to a square", crop_to, 1),
    ("cropped to a square of 150", thumbnail, 150),
    *(
        (f"white margin of {100 * m:g} %", frame, m, m, 255)
        for m in (0.02, 0.05, 0.1, 0.15, 0.25, 0.5)
    ),
    ("dark margin of 25 %", frame, 0.25, 0.25, 30),
    ("bars of 40 %", frame, 0.4, 0.4, 0),
    ("bars of 5 and 30 %", frame, 0.05, 0.3, 0),
    ("on a page, screenshot", page_screenshot),
    ("beside another photo", beside),
    *((f"printed, {100 * f:g} % of the frame", printed, f) for f in (0.9, 0.7)),
    ("captions", captions),
    ("sticker over 5 %", sticker, 0.05),
    ("sticker over 15 %", sticker, 0.15),
    *((f"brightness x{f:g}", brightness, f) for f in (0.5, 1.2, 1.5)),
    ("grayscale", grayscale),
    ("autocontrast", autocontrast),
    ("equalized", equalize),
    ("sharpened", sharpen),
    ("median of 5", median, 5),
    ("inverted", invert),
)


def _attack(label, function, *parameters):
    name = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    return Attack(name, label, lambda image, rng: function(image, *parameters))


EVERYDAY = (
    *(_attack(*row) for row in _ROWS),
    Attack("box_over_10", "box over 10 %", lambda i, rng: erase(i, 0.1, rng)),
)
