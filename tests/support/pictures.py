"""Real pictures, made when they are asked for."""

import random

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
