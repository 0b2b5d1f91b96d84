"""Real pictures, made when they are asked for."""

import random
from io import BytesIO

import av
import pyvips


def picture(width: int = 900, height: int = 600, seed: int = 1, suffix: str = ".jpg") -> bytes:
    """Colours that run, so that crops differ, and some noise of that seed, so that files do."""
    x = pyvips.Image.xyz(width, height)
    ramp = (x[0] * (255 / width)).bandjoin([x[1] * (255 / height), x[0] * 0 + seed % 255])
    noise = pyvips.Image.gaussnoise(
        width, height, sigma=4, mean=0, seed=random.Random(seed).randrange(2**31)
    )
    return (ramp + noise).cast("uchar").copy(interpretation="srgb").write_to_buffer(suffix)


def decoded(data: bytes) -> pyvips.Image:
    image = pyvips.Image.new_from_buffer(data, "")
    image.avg()  # every pixel is read
    return image


def film(seconds: float = 1.0, width: int = 128, height: int = 96) -> bytes:
    """An mp4 without sound."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(int(seconds * 25)):
            frame = av.VideoFrame(width, height, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number * 9 % 255]) * plane.buffer_size)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()
