"""Sound image files with everything in them, and ways to spoil them."""

import io
import struct

import numpy as np
import tifffile
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

SIZE = (96, 64)


def _metadata():
    exif = Image.Exif()
    exif[0x13B] = "An artist"
    exif[0x8298] = "A copyright"
    exif[0x112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
    exif.get_ifd(0x8825)[1] = "N"
    xmp = (
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta '
        b'xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/'
        b'1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
        b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return exif, xmp, icc


def _iptc():
    record = b"\x1c\x02\x74\x00\x0bA copyright"
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record
    body = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def make_seeds():
    """Sound files by name: every format, with metadata, several layouts."""
    rng = np.random.default_rng(0)
    width, height = SIZE
    ramp = np.add.outer(np.arange(height), np.arange(width))
    pixels = np.stack([ramp, ramp[::-1], ramp[:, ::-1]], -1)
    pixels = (pixels + rng.integers(0, 40, pixels.shape)).astype(np.uint8)
    photo = Image.fromarray(pixels)
    alpha = photo.convert("RGBA")
    exif, xmp, icc = _metadata()
    everything = {"exif": exif, "xmp": xmp, "icc_profile": icc}
    text = PngInfo()
    text.add_text("Author", "An author")
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    text.add_text("Comment", "zipped", zip=True)
    files = {}

    def save(name, image, kind, **settings):
        file = io.BytesIO()
        image.save(file, kind, **settings)
        files[name] = file.getvalue()

    save("plain.jpg", photo, "JPEG", quality=80)
    save("progressive.jpg", photo, "JPEG", progressive=True)
    save(
        "all.jpg",
        photo,
        "JPEG",
        comment="x",
        extra=_iptc(),
        dpi=(300, 300),
        **everything,
    )
    save("cmyk.jpg", photo.convert("CMYK"), "JPEG")
    save("two.mpo", photo, "MPO", save_all=True, append_images=[photo])
    files["video.jpg"] = files["plain.jpg"] + b"\0\0\0\x18ftypmp42" * 50
    save(
        "all.png",
        photo,
        "PNG",
        pnginfo=text,
        dpi=(72, 72),
        exif=exif,
        icc_profile=icc,
    )
    save("alpha.png", alpha, "PNG")
    save("gray_alpha.png", photo.convert("LA"), "PNG")
    save("palette.png", photo.quantize(16), "PNG", transparency=3)
    save("gray.png", photo.convert("L"), "PNG", transparency=7)
    save("bits.png", photo.convert("1"), "PNG")
    save("two.png", photo, "PNG", save_all=True, append_images=[alpha])
    save("all.webp", alpha, "WEBP", **everything)
    save("lossless.webp", alpha, "WEBP", lossless=True)
    save("two.webp", photo, "WEBP", save_all=True, append_images=[alpha])
    save("two.gif", photo, "GIF", save_all=True, append_images=[alpha])
    save(
        "all.tif",
        photo,
        "TIFF",
        compression="tiff_lzw",
        exif=exif,
        icc_profile=icc,
    )
    save("two.tif", photo, "TIFF", save_all=True, append_images=[alpha])
    save("plain.bmp", photo, "BMP")
    save("palette.bmp", photo.quantize(16), "BMP")
    save("all.avif", photo, "AVIF", exif=exif, icc_profile=icc)
    deep = pixels.astype(np.uint16) * 257
    for name, settings in (
        ("deep.tif", {}),
        ("planar.tif", {"planarconfig": "separate"}),
        ("tiles.tif", {"tile": (16, 16)}),
        ("big.tif", {"bigtiff": True}),
    ):
        file = io.BytesIO()
        data = deep if name != "planar.tif" else np.moveaxis(deep, -1, 0)
        tifffile.imwrite(file, data, photometric="rgb", **settings)
        files[name] = file.getvalue()
    return files


def mutate(data, generator, seeds):
    """Spoils a file.

    Args:
        data: bytes.
        generator: random.Random.
        seeds: other files, whose parts may be mixed in.

    Returns:
        bytes.
    """
    data = bytearray(data)
    for _ in range(generator.choice((1, 1, 1, 2, 4))):
        generator.choice(_MUTATIONS)(data, generator, seeds)
    return bytes(data)


def _place(data, generator):
    # Headers are where it hurts.
    end = len(data)
    if generator.random() < 0.6:
        end = min(end, 600)
    return generator.randrange(max(end, 1))


def _flip_bits(data, generator, seeds):
    for _ in range(generator.choice((1, 3, 20))):
        if data:
            data[_place(data, generator)] ^= 1 << generator.randrange(8)


def _extreme_number(data, generator, seeds):
    size = generator.choice((1, 2, 4, 8))
    value = generator.choice((0, 1, 0x7F, 0x80, 0xFF))
    place = _place(data, generator)
    data[place : place + size] = bytes([value]) * size


def _large_size(data, generator, seeds):
    """A plausible large number in either byte order."""
    number = generator.choice((1000, 5000, 20_000, 65_535, 1_000_000))
    order = generator.choice(("big", "little"))
    size = generator.choice((2, 4))
    place = _place(data, generator)
    number = min(number, 256**size - 1)
    data[place : place + size] = number.to_bytes(size, order)


def _cut(data, generator, seeds):
    del data[generator.randrange(len(data) + 1) :]


def _hole(data, generator, seeds):
    place = _place(data, generator)
    size = generator.choice((4, 50, 500))
    data[place : place + size] = bytes(min(size, len(data) - place))


def _remove(data, generator, seeds):
    place = _place(data, generator)
    del data[place : place + generator.choice((1, 4, 30, 300))]


def _double(data, generator, seeds):
    place = _place(data, generator)
    part = data[place : place + generator.choice((4, 12, 100, 1000))]
    data[place:place] = part * generator.choice((1, 2, 50))


def _splice(data, generator, seeds):
    other = seeds[generator.choice(sorted(seeds))]
    place = generator.randrange(len(other))
    part = other[place : place + generator.choice((20, 200, 2000))]
    here = _place(data, generator)
    data[here : here + generator.choice((0, len(part)))] = part


_MUTATIONS = (
    _flip_bits,
    _extreme_number,
    _large_size,
    _cut,
    _hole,
    _remove,
    _double,
    _splice,
)
