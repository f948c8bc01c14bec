"""What pictures are painted with: masks with soft edges, gradients, noise, light, and water that reflects."""

import zlib

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

FINE = 3  # masks are drawn so many times as large, and made smaller


def rgb(colour):
    """A colour from "#rrggbb", or the colours of an array as they are."""
    if isinstance(colour, str):
        return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
    return np.asarray(colour, np.float32)


def mix(one, other, share):
    return rgb(one) * (1 - share) + rgb(other) * share


def smooth(low, high, values):
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


class Pen:
    """Draws into a mask, in the picture's pixels."""

    def __init__(self, width, height):
        self.image = Image.new("L", (width * FINE, height * FINE), 0)
        self.draw = ImageDraw.Draw(self.image)

    def poly(self, points, value=255):
        self.draw.polygon([(x * FINE, y * FINE) for x, y in points], fill=value)

    def box(self, left, top, right, bottom, value=255, round=0):
        edges = [left * FINE, top * FINE, right * FINE - 1, bottom * FINE - 1]
        if edges[2] < edges[0] or edges[3] < edges[1]:
            return
        if round:
            self.draw.rounded_rectangle(edges, round * FINE, fill=value)
        else:
            self.draw.rectangle(edges, fill=value)

    def oval(self, x, y, rx, ry=None, value=255):
        ry = rx if ry is None else ry
        self.draw.ellipse([(x - rx) * FINE, (y - ry) * FINE, (x + rx) * FINE, (y + ry) * FINE], fill=value)

    def line(self, points, width, value=255):
        points = [(x * FINE, y * FINE) for x, y in points]
        self.draw.line(points, fill=value, width=max(1, round(width * FINE)), joint="curve")

    def bow(self, start, middle, end, width, value=255, steps=40):
        """A curve from start to end that is drawn towards middle."""
        self.line(bow(start, middle, end, steps), width, value)

    def lattice(self, start, end, wide, narrow, parts, chord=4, brace=2.5):
        """Two chords that come together, and what holds them."""
        (x0, y0), (x1, y1) = start, end
        length = np.hypot(x1 - x0, y1 - y0)
        nx, ny = -(y1 - y0) / length, (x1 - x0) / length
        sides = [[], []]
        for i in range(parts + 1):
            t = i / parts
            w = (wide * (1 - t) + narrow * t) / 2
            x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t
            sides[0].append((x + nx * w, y + ny * w))
            sides[1].append((x - nx * w, y - ny * w))
        for side in sides:
            self.line(side, chord)
        for i in range(parts):
            self.line([sides[i % 2][i], sides[1 - i % 2][i + 1]], brace)
            self.line([sides[0][i], sides[1][i]], brace)


def bow(start, middle, end, steps=40):
    t = np.linspace(0, 1, steps)[:, None]
    a, b, c = (np.array(point, float) for point in (start, middle, end))
    return [tuple(p) for p in (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c]


class Layer:
    """Colours and how much each of them covers."""

    def __init__(self, width, height, seed):
        self.w, self.h = width, height
        self.rng = np.random.default_rng(zlib.crc32(seed.encode()))
        self.a = np.zeros((height, width, 3), np.float32)
        self.cover = np.zeros((height, width), np.float32)
        self.yy, self.xx = np.mgrid[0:height, 0:width].astype(np.float32) + 0.5

    # Colours ----------------------------------------------------------------------------------------------

    def down(self, *stops):
        """A gradient from the top downwards: (y, colour)…"""
        return self._gradient(np.arange(self.h), stops)[:, None, :]

    def across(self, *stops):
        return self._gradient(np.arange(self.w), stops)[None, :, :]

    @staticmethod
    def _gradient(at, stops):
        places = [place for place, _ in stops]
        colours = np.array([rgb(colour) for _, colour in stops])
        return np.stack([np.interp(at, places, colours[:, i]) for i in range(3)], -1).astype(np.float32)

    # Masks ------------------------------------------------------------------------------------------------

    def mask(self, draw, blur=0):
        pen = Pen(self.w, self.h)
        draw(pen)
        image = pen.image.reduce(FINE)
        if blur:
            image = image.filter(ImageFilter.GaussianBlur(blur))
        return np.asarray(image, np.float32) / 255

    def below(self, heights):
        """All that is below a line with a height for each column."""
        return np.clip(self.yy - np.asarray(heights, np.float32)[None, :] + 0.5, 0, 1)

    def ridge(self, base, amount, length, rough=0.5, octaves=6):
        """Heights of a range of hills."""
        x, heights = np.arange(self.w), np.full(self.w, float(base))
        for octave in range(octaves):
            step = length / 2**octave
            knots = np.arange(-2, self.w / step + 3)
            values = self.rng.uniform(-1, 1, len(knots)) * amount * rough**octave
            t = x / step + self.rng.uniform(0, 1) * 0.9
            i = np.floor(t).astype(int) + 2
            f = t - np.floor(t)
            f = f * f * (3 - 2 * f)
            heights += values[i] * (1 - f) + values[np.minimum(i + 1, len(values) - 1)] * f
        return heights

    def noise(self, across, down, octaves=4, rough=0.5):
        """Clouds of -1 … 1 whose largest are so wide and so high."""
        total, weight = np.zeros((self.h, self.w), np.float32), 0
        for octave in range(octaves):
            nx, ny = max(2, round(self.w / across * 2**octave)), max(2, round(self.h / down * 2**octave))
            values = Image.fromarray(self.rng.uniform(-1, 1, (ny + 3, nx + 3)).astype(np.float32))
            box = (1, 1, nx + 2, ny + 2)
            total += np.asarray(values.resize((self.w, self.h), Image.BICUBIC, box)) * rough**octave
            weight += rough**octave
        return total / weight * 1.6

    # Painting ---------------------------------------------------------------------------------------------

    def fill(self, colour):
        self.a[:] = rgb(colour)
        self.cover[:] = 1

    def paint(self, mask, colour, share=1.0):
        m = (mask * share)[..., None]
        self.a = self.a * (1 - m) + rgb(colour) * m
        self.cover = self.cover * (1 - m[..., 0]) + m[..., 0]

    def draw(self, colour, draw, share=1.0, blur=0):
        mask = self.mask(draw, blur)
        self.paint(mask, colour, share)
        return mask

    def shade(self, mask, colour, share=1.0):
        """Paints only what is there already, so that a layer keeps its outline."""
        m = (mask * share)[..., None]
        self.a = self.a * (1 - m) + rgb(colour) * self.cover[..., None] * m

    def glow(self, mask, colour, share=1.0):
        """Adds light."""
        light = rgb(colour) * (np.clip(mask, 0, 1) * share)[..., None]
        self.a = 1 - (1 - self.a) * (1 - light)

    def lamp(self, x, y, radius, colour, share=1.0, flat=1.0):
        away = np.hypot(self.xx - x, (self.yy - y) * flat) / radius
        self.glow(np.exp(-(away**2) * 2.5), colour, share)

    def mist(self, top, middle, bottom, colour, share, wisps=0.5):
        band = smooth(top, middle, self.yy) * (1 - smooth(middle, bottom, self.yy))
        band = band * (1 - wisps + wisps * smooth(-0.6, 0.7, self.noise(700, 90)))
        self.paint(band, colour, share)

    # Water ------------------------------------------------------------------------------------------------

    def _ripples(self, line, size):
        """Waves that are nearer, and so larger, towards the bottom; three fields of them."""
        deep = np.maximum(self.yy - line, 0)
        tile = 256
        fields = []
        for _ in range(3):
            raw = self.rng.normal(0, 1, (tile, tile))
            spectrum = np.fft.fft2(raw)
            f = np.hypot(*np.meshgrid(np.fft.fftfreq(tile), np.fft.fftfreq(tile)))
            wave = np.fft.ifft2(spectrum * np.exp(-((f * 22) ** 2))).real
            wave = (wave / wave.std()).astype(np.float32)
            v = np.log1p(deep / 26) * 175 / size
            u = (self.xx - self.w / 2) / (2.2 + deep / 55) / size + 4096
            fields.append(sample(wave[..., None], u % tile, v % tile, wrap=True)[..., 0])
        return deep, fields

    def mirrored(self, source, cover, line, ripple, size, squeeze):
        deep, (n1, n2, n3) = self._ripples(line, size)
        y = line - deep / squeeze - n1 * ripple * (1.6 + deep * 0.026)
        x = self.xx + n2 * ripple * (0.5 + deep * 0.007)
        y = np.where(y > line, 2 * line - y, y) - 1
        both = np.concatenate([source, cover[..., None]], -1)
        found = sample(both, np.clip(x, 0, self.w - 1), np.clip(y, 0, self.h - 1))
        found[..., 3] *= (y > 0) | (deep <= 0)
        return found[..., :3], found[..., 3], n3, deep

    def water(self, line, near, far, clear=(0.85, 0.35), ripple=1.0, size=1.0, squeeze=1.0, glint=0.03):
        """Below a line the picture upside down, on water of two colours."""
        found, _, n, deep = self.mirrored(self.a, np.ones_like(self.cover), line, ripple, size, squeeze)
        t = np.clip(deep / (self.h - line), 0, 1)
        own = mix(rgb(far), rgb(near), t[..., None]) + (n * glint)[..., None]
        share = (clear[0] + (clear[1] - clear[0]) * t**0.7)[..., None]
        wet = np.clip(found * share + own * (1 - share), 0, 1)
        self.paint(np.clip(self.yy - line + 0.5, 0, 1), wet)

    def place(self, layer, line=None, share=0.6, ripple=1.0, size=1.0, dark="#000000", tint=0.15):
        """Puts a layer on the picture; with a line it is reflected below that."""
        if line is not None:
            found, cover, _, deep = layer.mirrored(layer.a, layer.cover, line, ripple, size, 1.0)
            found = found * (1 - tint) + rgb(dark) * cover[..., None] * tint
            m = ((deep > 0) * share * np.clip(1 - deep / 600, 0.2, 1))[..., None]
            self.a = self.a * (1 - cover[..., None] * m) + found * m
        self.a = self.a * (1 - layer.cover[..., None]) + layer.a
        self.cover = self.cover * (1 - layer.cover) + layer.cover

    def layer(self, seed):
        return Layer(self.w, self.h, seed)

    def glitter(self, x, line, spread, colour, share, amount=260, top=2, tall=1.0):
        """The path of a light over water: short strokes, longer and sparser towards the bottom."""
        def strokes(pen):
            for _ in range(amount):
                t = self.rng.uniform() ** 1.5
                y = line + top + (self.h - line) * t
                wide = 4 + 60 * t * self.rng.uniform(0.3, 1)
                at = x + self.rng.normal(0, 1) * spread * (0.25 + 1.4 * t)
                thick = (0.9 + 4.2 * t) * tall
                pen.oval(at, y, wide, thick / 1.6, int(255 * self.rng.uniform(0.35, 1) * (1 - 0.55 * t)))
        self.glow(self.mask(strokes, 0.8), colour, share)

    # At the end -------------------------------------------------------------------------------------------

    def finish(self, grain=0.002, vignette=0.16):
        away = np.hypot((self.xx / self.w - 0.5) * 1.1, (self.yy / self.h - 0.5) * 1.1)
        self.a *= (1 - vignette * smooth(0.35, 0.85, away))[..., None]
        dots = Image.fromarray(self.rng.normal(0, 1, (self.h, self.w)).astype(np.float32))
        dots = blurred(dots)
        self.a += (dots * grain)[..., None]
        soft = Image.fromarray((np.clip(self.a, 0, 1) * 255 + 0.5).astype(np.uint8))
        return soft.filter(ImageFilter.GaussianBlur(0.4))


def blurred(image):
    """Three by three, twice: Pillow blurs no floating point."""
    a = np.asarray(image)
    for _ in range(2):
        p = np.pad(a, 1, mode="edge")
        a = (p[:-2] + 2 * p[1:-1] + p[2:]) / 4
        a = (a[:, :-2] + 2 * a[:, 1:-1] + a[:, 2:]) / 4
    out = np.pad(a, 2, mode="edge")[: image.height, : image.width]
    return out / out.std()


def sample(source, x, y, wrap=False):
    """The source's values between its pixels."""
    h, w = source.shape[:2]
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    if wrap:
        x0, y0, x1, y1 = x0 % w, y0 % h, (x0 + 1) % w, (y0 + 1) % h
    else:
        x1, y1 = np.clip(x0 + 1, 0, w - 1), np.clip(y0 + 1, 0, h - 1)
        x0, y0 = np.clip(x0, 0, w - 1), np.clip(y0, 0, h - 1)
    top = source[y0, x0] * (1 - fx) + source[y0, x1] * fx
    low = source[y1, x0] * (1 - fx) + source[y1, x1] * fx
    return (top * (1 - fy) + low * fy).astype(np.float32)
