"""Whether a video file is all there, by its own structure.

FFmpeg reads a file that was cut short up to its end and calls that the end of
the video. What most formats are made of says its length, so that the rest of
a box that is not there shows, whatever is in it. No Python package is needed.
"""

import os

# The boxes at the top of an MP4 or QuickTime file. Others are the tail that
# some cameras append, of which nothing is known.
_BOXES = {
    *(b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"styp", b"sidx", b"meta"),
    *(b"free", b"skip", b"wide", b"uuid", b"pnot", b"udta", b"emsg", b"prft"),
}
# Matroska: the elements that may leave their size open, those at the top and
# in a segment, and those in a cluster.
_EBML = b"\x1aE\xdf\xa3"
_OPEN = {b"\x18S\x80g", b"\x1fC\xb6u"}
_ELEMENTS = _OPEN | {
    *(_EBML, b"\x11M\x9bt", b"\x15I\xa9f", b"\x16T\xaek", b"\x1cS\xbbk"),
    *(b"\x19A\xa4i", b"\x10C\xa7p", b"\x12T\xc3g", b"\xec", b"\xbf"),
    *(b"\xe7", b"\xa7", b"\xab", b"\xa3", b"\xa0", b"\x58\x54"),
}
# Some programs count the eight bytes before a RIFF chunk as part of it.
_RIFF_SLACK = 8
_TS_SYNC = 0x47


def is_cut_short(path) -> bool:
    """Whether the file ends before its structure does.

    Args:
        path: file. MP4 and its kin, Matroska, WebM, AVI, GIF and MPEG-TS are
            known.

    Returns:
        True if bytes are missing at the end for certain; False if the file is
        whole, or of a format that does not tell.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(389)
        file.seek(0)
        if head[4:8] in _BOXES:
            return _boxes_miss(file, size)
        if head.startswith(_EBML):
            return _elements_miss(file, size)
        if head.startswith(b"RIFF"):
            return _chunks_miss(file, size)
        if head.startswith((b"GIF87a", b"GIF89a")):
            return not _gif_ends(file)
        return _packets_miss(file, size, head)


def _boxes_miss(file, size):
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break
        if head[4:8] not in _BOXES:
            return False
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:], "big")
        if length < 8:
            # 0: up to the end of the file.
            return False
        at += length
    return at > size


def _elements_miss(file, size):
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(12)
        width = 9 - head[0].bit_length()
        name, rest = head[:width], head[width:]
        if name not in _ELEMENTS or not rest:
            return False
        count = 9 - rest[0].bit_length()
        if count > 8:
            return False
        ones = (1 << 7 * count) - 1
        length = int.from_bytes(rest[:count], "big") & ones
        if length == ones:
            # A recording that was sent while it was made: what is inside
            # has sizes.
            if name not in _OPEN:
                return False
            length = 0
        at += width + count + length
    return at > size


def _chunks_miss(file, size):
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little")
        # An unfinished recording has 0; what it holds is there.
        if head[:4] != b"RIFF" or length in (0, 0xFFFFFFFF):
            return False
        at += 8 + length + length % 2
    return at > size + _RIFF_SLACK


def _gif_ends(file):
    """Whether the trailer is reached, by walking over the blocks."""
    _skip_colors(file, file.read(13)[10:11])
    while kind := file.read(1):
        if kind == b";":
            return True
        if kind == b"!":
            file.seek(1, os.SEEK_CUR)
        elif kind == b",":
            _skip_colors(file, file.read(9)[8:9])
            file.seek(1, os.SEEK_CUR)
        elif kind == b"\0":
            # Padding, which readers skip.
            continue
        else:
            return False
        while length := file.read(1):
            if length == b"\0":
                break
            file.seek(length[0], os.SEEK_CUR)
    return False


def _skip_colors(file, flags):
    """Skips the colour table that a byte of flags announces."""
    if flags and flags[0] & 0x80:
        file.seek(3 << (flags[0] & 7) + 1, os.SEEK_CUR)


def _packets_miss(file, size, head):
    """MPEG-TS: packets of 188 bytes, or of 192 with a time before each."""
    for before, step in ((0, 188), (4, 192)):
        if head[before : before + step + 1 : step] == bytes([_TS_SYNC] * 2):
            file.seek(max(0, size - step + before))
            return size % step > 0 or file.read(1)[0] != _TS_SYNC
    return False
