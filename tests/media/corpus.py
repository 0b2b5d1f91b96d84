"""Sources made for the tests: real ones of every kind, damaged ones, bombs and impostors."""

import struct
import zlib
from fractions import Fraction
from io import BytesIO
from random import Random

import av
import pyvips

SAVERS = {
    "jpeg": ("jpegsave_buffer", {"Q": 85}),
    "png": ("pngsave_buffer", {}),
    "gif": ("gifsave_buffer", {"effort": 1}),
    "webp": ("webpsave_buffer", {}),
    "avif": ("heifsave_buffer", {"compression": "av1", "effort": 0}),
    "tiff": ("tiffsave_buffer", {"compression": "deflate"}),
}
GREY = 64  # of 255
FILMS = {"mp4": ("libx264", "aac"), "webm": ("libvpx-vp9", "libopus"), "mov": ("mpeg4", "aac")}


def picture(width: int = 320, height: int = 240) -> pyvips.Image:
    """Red rises to the right, green downwards; a little noise makes it worth encoding."""
    plane = pyvips.Image.xyz(width, height)
    noise = pyvips.Image.gaussnoise(width, height, sigma=6, mean=0, seed=3)
    bands = [plane[0] * 255 / width + noise, plane[1] * 255 / height + noise, noise + 60]
    return bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb")


def encoded(format: str, image: pyvips.Image | None = None) -> bytes:
    saver, options = SAVERS[format]
    return getattr(picture() if image is None else image, saver)(**options)


def film(
    format: str,
    seconds: float = 1.0,
    side: int = 96,
    rate: int = 25,
    *,
    begin: int = 0,
    late: int = 0,
    silent: float | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """Pictures that change, and silence, of so many seconds or as long as they.

    ``begin``: seconds that the first of both is told to come at; ``late``: seconds that the silence
    comes after that; ``options``: the container's.
    """
    file = BytesIO()
    codec, sound = FILMS[format]
    with av.open(file, "w", format=format, options=options or {}) as target:
        stream = target.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = side, side, "yuv420p"
        track = target.add_stream(sound, rate=48000, layout="stereo")
        for number in range(int(seconds * rate)):
            frame = _frame(side, number, rate)
            frame.pts += begin * rate
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
        _silence(target, track, silent or seconds - late, begin + late)
    return file.getvalue()


def _frame(side: int, number: int, rate: int) -> av.VideoFrame:
    frame = av.VideoFrame(side, side, "gray")
    line = bytes((x + number * 4) % 256 for x in range(side)).ljust(frame.planes[0].line_size)
    frame.planes[0].update(line * side)
    frame.pts, frame.time_base = number, Fraction(1, rate)
    return frame.reformat(format="yuv420p")


def grey(
    format: str,
    codec: str,
    size: tuple[int, int] = (96, 64),
    pixels: str = "yuv420p",
    frames: int = 10,
    options: dict[str, str] | None = None,
    *,
    levels: tuple[int, int, int] = (GREY, 128, 128),
    **told: object,
) -> bytes:
    """Pictures of one dark grey, or of other ``levels`` of 255, one a plane, without sound.

    ``told``: attributes of the encoder.
    """
    file = BytesIO()
    with av.open(file, "w", format=format) as target:
        stream = target.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        for name, value in told.items():
            setattr(stream.codec_context, name, value)
        for number in range(frames):
            frame = _plain(size, pixels, levels)
            frame.color_range = stream.codec_context.color_range
            frame.pts, frame.time_base = number, Fraction(1, 25)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return file.getvalue()


def _plain(size: tuple[int, int], pixels: str, levels: tuple[int, int, int]) -> av.VideoFrame:
    frame = av.VideoFrame(*size, pixels)
    bits = frame.format.components[0].bits
    for plane, level in zip(frame.planes, levels, strict=True):
        sample = (level << bits - 8).to_bytes((bits + 7) // 8, "little")
        plane.update(sample * (plane.buffer_size // len(sample)))
    return frame


def _silence(
    target: av.container.OutputContainer, track: av.AudioStream, seconds: float, begin: int
) -> None:
    size = track.codec_context.frame_size or 960
    for number in range(int(seconds * 48000 / size)):
        frame = av.AudioFrame(track.format.name, "stereo", size)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.time_base = 48000, Fraction(1, 48000)
        frame.pts = begin * 48000 + number * size
        target.mux(track.encode(frame))
    target.mux(track.encode(None))


def damaged(whole: bytes, seed: int) -> bytes:
    """Some bits flipped, or the end cut off, or both."""
    random = Random(seed)
    content = bytearray(whole)
    if seed % 3 != 1:
        for _ in range(random.choice((1, 3, 10, 100))):
            content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    if seed % 3:
        del content[random.randrange(len(content)) :]
    return bytes(content)


def huge_png(side: int = 60_000) -> bytes:
    """One bit a pixel, all of them the same."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))
        for tag, body in chunks
    )


def long_gif(frames: int = 200_000) -> bytes:
    """Each frame is one pixel."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return screen + frame * frames + b";"


def long_tiff(pages: int = 50_000) -> bytes:
    """A chain of directories of one pixel each."""
    tags = ((256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
            (273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, 1, 1))  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    length = 2 + len(entries) + 4
    first = 12
    chain = b"".join(
        struct.pack("<H", len(tags))
        + entries
        + struct.pack("<I", first + (n + 1) * length if n + 1 < pages else 0)
        for n in range(pages)
    )
    return b"II*\0" + struct.pack("<I", first) + b"\x80\0\0\0" + chain
