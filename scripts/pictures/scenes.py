"""What is in each picture."""

import numpy as np

from canvas import Layer, bow, mix, rgb, smooth


def clouds(p, colour, top, bottom, share, across=900, down=130, low=0.05, high=0.75):
    n = p.noise(across, down, 5, 0.55)
    band = smooth(top - 60, top + 60, p.yy) * (1 - smooth(bottom - 90, bottom, p.yy))
    p.paint(smooth(low, high, n) * band, colour, share)


def gulls(pen, rng, count, left, top, right, bottom, size=9):
    for _ in range(count):
        x, y, s = rng.uniform(left, right), rng.uniform(top, bottom), size * rng.uniform(0.6, 1.2)
        lift = s * rng.uniform(0.3, 0.7)
        pen.bow((x - s, y - lift), (x - s * 0.4, y - lift * 1.3), (x, y), s * 0.2, steps=12)
        pen.bow((x, y), (x + s * 0.4, y - lift * 1.4), (x + s, y - lift * 0.7), s * 0.2, steps=12)


def stars(p, count, bottom, colour="#ffffff", share=0.8):
    def draw(pen):
        for _ in range(count):
            y = p.rng.uniform(0, 1) ** 1.4 * bottom
            pen.oval(p.rng.uniform(0, p.w), y, p.rng.uniform(0.5, 1.5), value=int(255 * p.rng.uniform(0.2, 1)))
    p.glow(p.mask(draw), colour, share)


def facets(p, mask, top, colours, count, size, share=0.6, seed=1):
    """Breaks a rock face into planes that the light meets at different angles."""
    rng = np.random.default_rng(seed)
    planes = [[] for _ in colours]
    for _ in range(count):
        x = rng.uniform(-20, p.w + 20)
        y = top[int(np.clip(x, 0, p.w - 1))] + rng.uniform(0, 1) ** 1.3 * (p.h - top.min())
        w, h, lean = size * rng.uniform(0.4, 1.1), size * rng.uniform(0.7, 2.2), size * rng.uniform(-0.35, 0.35)
        planes[rng.integers(len(colours))].append(
            [(x - w * 0.5, y + h * 0.1), (x, y), (x + w * 0.45, y + h * 0.22), (x + w * 0.5 + lean, y + h * 0.8), (x + lean, y + h), (x - w * 0.4 + lean, y + h * 0.6)])
    for colour, shapes in zip(colours, planes):
        p.paint(mask * p.mask(lambda pen: [pen.poly(shape) for shape in shapes]), colour, share)


def leafy(pen, rng, x, base, width, height, blobs=48):
    """A round tree."""
    pen.box(x - width * 0.035, base - height * 0.5, x + width * 0.035, base)
    for _ in range(blobs):
        a, r = rng.uniform(0, 2 * np.pi), rng.uniform(0, 1) ** 0.5
        cx, cy = x + np.cos(a) * r * width * 0.36, base - height * 0.62 + np.sin(a) * r * height * 0.28
        pen.oval(cx, cy, width * rng.uniform(0.07, 0.15), height * rng.uniform(0.06, 0.11))
    pen.oval(x, base - height * 0.62, width * 0.3, height * 0.24)


def conifer(pen, rng, x, base, height):
    width, steps = height * rng.uniform(0.3, 0.38), 6
    left, right = [], []
    for i in range(steps):
        t, u = i / steps, (i + 0.85) / steps
        left += [(x - width * 0.5 * t * 0.55, base - height * (1 - t)), (x - width * 0.5 * u, base - height * (1 - u))]
        right += [(x + width * 0.5 * t * 0.55, base - height * (1 - t)), (x + width * 0.5 * u, base - height * (1 - u) + 1)]
    pen.poly(left + right[::-1])
    pen.box(x - height * 0.02, base - height * 0.1, x + height * 0.02, base + height * 0.03)


def poplar(pen, rng, x, base, height):
    width = height * rng.uniform(0.13, 0.18)
    for i in range(26):
        t = (i + 0.5) / 26
        w = width * (np.sin(np.pi * min(1, t * 0.9 + 0.1)) ** 0.7) * 0.5
        pen.oval(x + rng.uniform(-0.3, 0.3) * w, base - height * (0.08 + 0.9 * t), w * rng.uniform(0.7, 1.05), height * 0.045)
    pen.box(x - width * 0.06, base - height * 0.2, x + width * 0.06, base)


# The harbour ----------------------------------------------------------------------------------------------

LIGHTS = {
    "dawn": {
        "sky": [(0, "#27345f"), (230, "#5c5c8c"), (400, "#b7818d"), (520, "#eda57c"), (600, "#ffd79b")],
        "cloud": [("#f4b08c", 0.55), ("#46487a", 0.4)],
        "far": "#b78a92", "near": "#8c6c88", "city": "#75597c", "crane": ["#8a6581", "#5d4a6d", "#2f2f50"],
        "quay": "#34304f", "wall": ["#4c4266", "#2a2745"], "hull": "#3d3355", "boat": "#1f2039",
        "tint": "#4a3a60", "tinted": 0.55, "water": ("#1d2748", "#c98d83"), "path": "#ffd9a0", "cap": "#e9b08f",
    },
    "noon": {
        "sky": [(0, "#2f86c6"), (300, "#6db3dc"), (520, "#b9dfee"), (600, "#e2f1f2")],
        "cloud": [("#ffffff", 0.85), ("#ffffff", 0.35)],
        "far": "#a5c8d6", "near": "#7ba9b4", "city": "#d3dcd9", "crane": ["#dd8b78", "#d4634d", "#c43d2b"],
        "quay": "#7f8b8f", "wall": ["#b9b7a8", "#807f78"], "hull": "#1f4d77", "boat": "#24536b",
        "tint": "#ffffff", "tinted": 0.0, "water": ("#15596f", "#86bfcd"), "path": "#ffffff", "cap": "#e6e2d3",
    },
    "night": {
        "sky": [(0, "#060b1c"), (300, "#101d3f"), (520, "#233763"), (600, "#3a4d78")],
        "cloud": [("#2c3f6b", 0.5), ("#0b1530", 0.5)],
        "far": "#1b2a50", "near": "#141f40", "city": "#101a36", "crane": ["#2b3b6b", "#33467c", "#3c5089"],
        "quay": "#0b1226", "wall": ["#1b2747", "#0a1122"], "hull": "#0d1630", "boat": "#070c1c",
        "tint": "#0c1530", "tinted": 0.72, "water": ("#050a1a", "#1b2b52"), "path": "#dfe7ff", "cap": "#34456f",
    },
}


def quay_crane(pen, x, base, s, boom=1.0):
    """A container crane seen from the side, its boom to the right."""
    deck, top = base - 150 * s, base - 262 * s
    for left in (-62, 42):
        pen.poly([(x + (left - 5) * s, base), (x + (left + 6) * s, base), (x + (left + 4) * s, deck), (x + (left - 3) * s, deck)])
        pen.box(x + (left - 12) * s, base - 9 * s, x + (left + 13) * s, base)
    pen.line([(x - 62 * s, base - 70 * s), (x + 42 * s, base - 70 * s)], 6 * s)
    pen.line([(x - 62 * s, base - 72 * s), (x + 42 * s, deck)], 4 * s)
    # The boom with its house
    pen.box(x - 150 * s, deck - 13 * s, x + 290 * s * boom, deck)
    pen.box(x - 140 * s, deck - 40 * s, x - 78 * s, deck - 8 * s)
    # The frame above and the stays
    pen.line([(x - 60 * s, deck), (x + 22 * s, top)], 7 * s)
    pen.line([(x + 44 * s, deck), (x + 24 * s, top)], 7 * s)
    pen.line([(x + 24 * s, top), (x + 150 * s, deck - 10 * s)], 3 * s)
    pen.line([(x + 24 * s, top), (x + 272 * s * boom, deck - 10 * s)], 3 * s)
    pen.line([(x + 22 * s, top), (x - 140 * s, deck - 38 * s)], 3 * s)
    # The trolley, the cabin and what hangs on the ropes
    at = x + 170 * s * boom
    pen.box(at - 15 * s, deck, at + 15 * s, deck + 7 * s)
    pen.box(at - 32 * s, deck + 2 * s, at - 17 * s, deck + 20 * s)
    for rope in (-9, 9):
        pen.line([(at + rope * s, deck), (at + rope * s, deck + 62 * s)], 1.6 * s)
    pen.box(at - 20 * s, deck + 60 * s, at + 20 * s, deck + 66 * s)


def harbour(name, light="dawn"):
    k = LIGHTS[light]
    p = Layer(1600, 1067, "harbour")
    line = 610
    tint = lambda colour, more=0: mix(colour, k["tint"], min(1, k["tinted"] + more))
    night, noon = light == "night", light == "noon"
    p.fill(p.down(*k["sky"]))
    sun = {"dawn": (880, 446), "noon": (1260, 90), "night": (1210, 215)}[light]
    if night:
        stars(p, 260, 480)
        p.lamp(*sun, 330, "#6f86c4", 0.45)
        p.draw("#f3f1e2", lambda pen: pen.oval(*sun, 40))
        p.draw("#d9d9d2", lambda pen: [pen.oval(sun[0] + x, sun[1] + y, r) for x, y, r in ((-12, -9, 10), (10, 8, 13), (14, -16, 5))], 0.6, 2)
    clouds(p, k["cloud"][0][0], 60 if noon else 330, 480 if noon else 560, k["cloud"][0][1], 700, 90, 0.18 if noon else 0.05, 0.8)
    clouds(p, k["cloud"][1][0], 110, 420, k["cloud"][1][1], 1300, 80)
    if light == "dawn":
        p.lamp(*sun, 560, "#ff9d5c", 0.5)
        p.lamp(*sun, 190, "#ffe2a8", 0.7)
        p.draw("#fff3cf", lambda pen: pen.oval(*sun, 43))
    # Hills and the town
    p.paint(p.below(p.ridge(505, 42, 420)), p.down((450, k["far"]), (600, mix(k["far"], k["sky"][-1][1], 0.6))))
    p.paint(p.below(p.ridge(560, 26, 300)), p.down((530, k["near"]), (612, mix(k["near"], k["sky"][-1][1], 0.4))))

    if light == "dawn":
        p.lamp(*sun, 210, "#ffbf7e", 0.45)
    houses = []
    x = 880
    while x < 1600:
        w, h = p.rng.uniform(18, 46), p.rng.uniform(14, 52) + 46 * np.exp(-(((x - 1420) / 110) ** 2))
        houses.append((x, w, h, p.rng.uniform()))
        x += w * p.rng.uniform(0.75, 1.15)

    def town(pen):
        for x, w, h, kind in houses:
            pen.box(x, line - h, x + w, line)
            if kind < 0.35:
                pen.poly([(x - 1, line - h), (x + w / 2, line - h - w * 0.32), (x + w + 1, line - h)])
        pen.box(1415, line - 150, 1429, line)
        pen.poly([(1411, line - 148), (1422, line - 205), (1433, line - 148)])
    m = p.mask(town)
    p.paint(m, k["city"])
    if noon:
        shades = ["#e8e3d3", "#c9d3d6", "#dcb9a0", "#b7c7cb", "#efe9dc"]
        for i, (x, w, h, _) in enumerate(houses):
            p.paint(p.mask(lambda pen: pen.box(x, line - h, x + w, line)), shades[i % 5], 0.8) if i % 2 else None
    lit = lambda pen: [
        pen.box(x + dx, line - h + dy, x + dx + 2.6, line - h + dy + 3.4)
        for x, w, h, _ in houses for dx in np.arange(5, w - 4, 7) for dy in np.arange(6, h - 4, 9)
        if p.rng.uniform() < (0.42 if night else 0.3)]
    if night:
        p.glow(p.mask(lit), "#ffcf7d", 0.95)
    else:
        p.paint(p.mask(lit), "#5f7f8e" if noon else "#ffcf96", 0.75)
    # The ship
    left, right, deck = 560, 1085, 560
    colours = ["#c8513b", "#e0a13a", "#3f7f93", "#8f4a52", "#5c8a5a", "#d9d2c0", "#35587e"]

    def stack(pen, which):
        rng = np.random.default_rng(7)
        for i in range(10):
            high = [2, 3, 4, 4, 3, 4, 4, 3, 4, 2][i]
            for j in range(high):
                c = rng.integers(len(colours))
                if c == which:
                    x = left + 44 + i * 35
                    pen.box(x, deck - (j + 1) * 14.6, x + 33.4, deck - j * 14.6 - 1)
    for i, colour in enumerate(colours):
        p.draw(tint(colour), lambda pen: stack(pen, i))
    p.draw(tint("#f2efe6", -0.1), lambda pen: (
        pen.box(988, deck - 74, 1040, deck), pen.box(980, deck - 78, 1048, deck - 66), pen.box(1004, deck - 104, 1024, deck - 74),
        pen.line([(1030, deck - 74), (1030, deck - 112)], 2)))
    p.draw("#ffd98f" if night else tint("#3b5a6d", 0.1), lambda pen: [
        pen.box(992 + i * 8, deck - 62 + j * 14, 997 + i * 8, deck - 57 + j * 14) for i in range(6) for j in range(4) if not night or (i * 3 + j) % 4])
    p.draw(k["hull"], lambda pen: pen.poly([(left - 26, deck - 12), (left + 30, deck - 2), (right - 10, deck - 2), (right + 8, deck - 2), (right - 4, line), (left + 10, line)]))
    p.draw(tint("#a63c32"), lambda pen: pen.poly([(left + 2, line - 12), (right - 1, line - 12), (right - 4, line), (left + 10, line)]))
    # The quay with its cranes, the furthest first
    p.draw(mix(k["quay"], k["sky"][-1][1], 0.25), lambda pen: pen.poly([(0, 588), (610, 594), (610, line), (0, line)]))
    for (x, s), colour in zip(((500, 0.72), (338, 1.02), (128, 1.5)), k["crane"]):
        m = p.draw(colour, lambda pen: quay_crane(pen, x, 592, s))
        if noon:
            p.paint(m * smooth(-1, 1, np.roll(m, 3, 1) - np.roll(m, -3, 1)) * 0.5, "#7d1f18", 0.35)
    p.draw(tint("#c9774a"), lambda pen: [pen.box(x, y, x + 40, y + 16) for x, y in ((20, 572), (61, 572), (32, 555), (160, 572), (201, 572), (243, 574), (180, 556))])
    p.draw(tint("#4d7d8a"), lambda pen: [pen.box(x, y, x + 40, y + 16) for x, y in ((73, 555), (221, 557), (290, 574), (372, 576))])
    p.draw(k["quay"], lambda pen: pen.poly([(0, 588), (452, 592), (470, line + 1), (0, line + 1)]))
    if not night:
        p.draw(mix(k["quay"], k["cap"], 0.6), lambda pen: pen.line([(0, 589), (452, 593)], 3))
    lamps = [(128 + 23 * 1.5, 592 - 262 * 1.5), (128 + 286 * 1.5, 592 - 156 * 1.5), (338 + 23, 592 - 267), (338 + 292, 592 - 159),
             (500 + 17, 592 - 189), (500 + 206, 592 - 113)]
    if not noon:
        for x, y in lamps:
            p.lamp(x, y, 22 if night else 17, "#ff4b3a", 0.8)
            p.draw("#ffd0c4", lambda pen: pen.oval(x, y, 3))
    if night:
        for x in (45, 210, 420):
            p.lamp(x, 545, 95, "#ffc774", 0.62)
            p.draw("#fff1cf", lambda pen: pen.oval(x, 545, 3.5))
    p.draw("#f3efe6" if noon else k["boat"], lambda pen: gulls(pen, np.random.default_rng(4), 11, 700, 180, 1150, 430, 12), 0.9)

    p.water(line, k["water"][0], k["water"][1], (0.88, 0.42 if not noon else 0.25), ripple=1.05, glint=0.022)
    if not noon:
        p.glitter(sun[0], line, 62, k["path"], 0.8 if not night else 0.45, 330)
        if not night:
            p.lamp(sun[0], line + 10, 330, "#ff9d5c", 0.3, flat=3)
    else:
        p.glitter(1150, line, 420, "#ffffff", 0.32, 420, tall=0.6)

    # The sea wall
    wall = p.layer("wall")
    foot = 806
    shape = wall.mask(lambda pen: pen.poly([(1030, 742), (1058, 736), (1600, 700), (1600, foot), (1012, foot)]))
    wall.paint(shape, wall.down((700, k["wall"][0]), (foot, k["wall"][1])))
    top = lambda x: 742 - (x - 1030) * 42 / 570

    def joints(pen):
        for i in range(5):
            pen.line([(1010, 758 + i * 14), (1600, 726 + i * 21)], 1.5)
            for x in np.arange(1030 + (i % 2) * 26, 1600, 52):
                t = (x - 1010) / 590
                a, b = 758 + i * 14 - t * (32 - i * 7), 758 + (i + 1) * 14 - t * (32 - (i + 1) * 7)
                pen.line([(x, a), (x, b)], 1.5)
    wall.shade(wall.mask(joints), mix(k["wall"][1], "#000010", 0.35), 0.55)
    wall.draw(k["cap"], lambda pen: pen.poly([(1022, 744), (1058, 730), (1600, 688), (1600, 705), (1040, 752)]))
    stones = np.random.default_rng(11)
    heap = [(stones.uniform(1000, 1600), stones.uniform(0, 20), stones.uniform(9, 25)) for _ in range(150)]
    heap.sort(key=lambda stone: stone[1])

    def rubble(pen, part):
        for i, (x, dy, r) in enumerate(heap):
            if i % 3 == part:
                y = foot - 9 + dy * 0.7
                pen.poly([(x - r, y + 4), (x - r * 0.7, y - r * 0.45), (x + r * 0.1, y - r * 0.62), (x + r * 0.8, y - r * 0.3), (x + r, y + 5)])
    for part, dark in ((0, 0.15), (1, 0.38), (2, 0.58)):
        wall.draw(mix(k["wall"][0], k["wall"][1], dark * 1.6 - 0.1), lambda pen: rubble(pen, part))
    wall.cover *= 1 - smooth(foot + 8, foot + 11, wall.yy)
    wall.a *= (1 - smooth(foot + 8, foot + 11, wall.yy))[..., None]
    # The harbour light at its end
    wall.draw(tint("#c33f34", -0.15), lambda pen: pen.poly([(1058, 738), (1094, 736), (1088, 640), (1064, 640)]))
    wall.draw(tint("#f5efe2", -0.2), lambda pen: pen.poly([(1060.5, 706), (1091.5, 704), (1089.5, 672), (1062.5, 673)]))
    wall.draw(k["boat"], lambda pen: (pen.box(1056, 634, 1096, 641), pen.box(1074, 596, 1077, 612), pen.poly([(1062, 616), (1076, 602), (1090, 616)])))
    wall.draw("#ffeab0" if not noon else "#d6e6e6", lambda pen: pen.box(1066, 616, 1086, 634))
    wall.shade(smooth(1072, 1094, wall.xx) * (1 - smooth(1095, 1096, wall.xx)) * (1 - smooth(738, 742, wall.yy)), mix(k["boat"], "#000000", 0.2), 0.35)
    if night:
        for x in (1180, 1310, 1450):
            wall.draw(k["cap"], lambda pen: (pen.line([(x, top(x) - 5), (x, top(x) - 82)], 3.5), pen.line([(x, top(x) - 82), (x + 18, top(x) - 82)], 3)))
            wall.draw("#fff0c4", lambda pen: pen.oval(x + 18, top(x) - 80, 5))
    p.place(wall, foot + 9, 0.8, 1.0, dark=k["water"][0], tint=0.3)
    if night:
        for x in (1180, 1310, 1450):
            p.lamp(x + 18, top(x) - 80, 85, "#ffcf86", 0.8)
            p.lamp(x + 18, top(x) + 8, 90, "#ffcf86", 0.5, flat=3)
            p.glitter(x + 18, foot + 10, 16, "#ffc66f", 0.55, 60)
        p.lamp(1076, 625, 120, "#ffdf9e", 0.9)
        p.glitter(1076, foot + 10, 18, "#ffd588", 0.6, 70)
        p.glitter(240, line, 190, "#ffb95e", 0.35, 150)
    elif not noon:
        p.lamp(1076, 625, 60, "#ffe3a6", 0.8)
    # A boat that comes home
    boat = p.layer("boat")
    x, y = 470, 872
    boat.draw(tint("#e9e4d8"), lambda pen: (pen.box(x + 20, y - 62, x + 92, y - 18, round=5), pen.box(x + 14, y - 68, x + 98, y - 58, round=3)))
    boat.draw("#ffe2a0" if not noon else "#4f7183", lambda pen: [pen.box(x + 27 + i * 21, y - 52, x + 43 + i * 21, y - 35, round=2) for i in range(3)])
    boat.draw(tint("#2a4f66", 0.1), lambda pen: pen.poly([(x - 112, y - 36), (x - 60, y - 24), (x + 60, y - 21), (x + 128, y - 27), (x + 116, y + 8), (x - 74, y + 8)]))
    boat.draw(tint("#d65a3c", -0.1), lambda pen: pen.poly([(x - 112, y - 36), (x - 60, y - 24), (x + 60, y - 21), (x + 128, y - 27), (x + 126, y - 21), (x + 60, y - 14), (x - 60, y - 17), (x - 108, y - 30)]))
    boat.draw(k["boat"], lambda pen: (
        pen.line([(x + 10, y - 20), (x + 10, y - 138)], 4), pen.line([(x + 10, y - 130), (x - 96, y - 40)], 1.4), pen.line([(x + 10, y - 130), (x + 118, y - 28)], 1.4),
        pen.line([(x + 10, y - 60), (x - 58, y - 96)], 3), pen.oval(x - 36, y - 38, 5), pen.poly([(x - 43, y - 20), (x - 41, y - 34), (x - 31, y - 34), (x - 28, y - 20)])))
    p.place(boat, y + 6, 0.75, 0.9, dark=k["water"][0], tint=0.35)
    p.draw(mix(k["cap"], "#ffffff", 0.3), lambda pen: [pen.bow((x - 80, y + 8), (x + 60, y + 13 + i * 5), (x + 190 + i * 70, y + 9 + i * 13), 1.6) for i in range(3)], 0.5)
    p.draw(mix(k["cap"], "#ffffff", 0.3), lambda pen: [pen.bow((x - 90, y + 5), (x - 60, y + 13 + i * 4), (x + 20 - i * 50, y + 16 + i * 12), 1.6) for i in range(3)], 0.45)
    if night:
        p.lamp(x + 10, y - 138, 42, "#ffffff", 0.9)
        p.lamp(x + 56, y - 44, 90, "#ffcf86", 0.5)
    return p.finish(vignette=0.2)


# The lighthouse -------------------------------------------------------------------------------------------

def lighthouse(name):
    p = Layer(1600, 1067, name)
    p.fill(p.down((0, "#0b1536"), (300, "#16295c"), (560, "#33508a"), (700, "#7d7ba6"), (775, "#d39a93"), (800, "#f0b98d")))
    stars(p, 320, 560)
    clouds(p, "#4a5c96", 360, 720, 0.5, 1100, 80)
    clouds(p, "#e0a096", 640, 800, 0.5, 900, 40)
    line = 796
    p.paint(p.below(p.ridge(782, 12, 260)), "#39426f")
    p.water(line, "#0a1738", "#5e6590", (0.9, 0.4), ripple=1.15, glint=0.03)

    lamp = (905, 262)
    # The headland
    x = np.arange(1600)
    behind = 745 + 0.0009 * (x - 1500) ** 2 * 0.35 + p.ridge(0, 16, 170)
    p.paint(p.below(np.where(x > 1050, behind, 2000)), p.down((700, "#2b3763"), (900, "#1c2850")))

    p.glitter(430, line, 150, "#ffd9a6", 0.34, 150)
    # The keeper's houses
    def house(x, base, w, h, roof, white, dark):
        p.draw(white, lambda pen: pen.box(x, base - h, x + w, base + 12))
        p.draw(mix(white, dark, 0.5), lambda pen: pen.box(x + w * 0.72, base - h, x + w, base + 12), 0.8)
        p.draw(dark, lambda pen: (pen.poly([(x - 7, base - h + 3), (x + 14, base - h - roof), (x + w - 14, base - h - roof), (x + w + 7, base - h + 3)]), pen.box(x + w * 0.2, base - h - roof - 20, x + w * 0.2 + 14, base - h - 6)))
    house(990, 716, 190, 52, 34, "#aab2cd", "#1b2547")
    house(712, 728, 104, 38, 26, "#8791b3", "#1a2344")
    windows = [(1012, 675), (1056, 675), (1100, 675), (728, 701), (766, 701)]
    p.draw("#ffd486", lambda pen: [pen.box(x, y, x + 17, y + 20) for x, y in windows])
    p.draw("#5c4b4b", lambda pen: [(pen.box(x + 7.8, y, x + 9.2, y + 20), pen.box(x, y + 9.3, x + 17, y + 10.7)) for x, y in windows])
    for x, y in windows:
        p.lamp(x + 8, y + 12, 42, "#ffb95e", 0.5)
    # The tower
    base, head = 714, 318
    tower = p.mask(lambda pen: pen.poly([(838, base), (972, base), (942, head), (868, head)]))
    p.paint(tower, p.across((838, "#8d96bd"), (870, "#dfe2ee"), (905, "#f7f3ea"), (935, "#b6bcd6"), (972, "#5b679a")))
    p.paint(tower * smooth(430, base, p.yy), "#2c3968", 0.5)
    p.paint(tower * (1 - smooth(330, 520, p.yy)), "#ffe2b0", 0.22)
    bands = p.mask(lambda pen: [pen.box(800, y, 1000, y + 2) for y in range(360, 714, 29)])
    p.paint(bands * tower, "#56618f", 0.28)
    slits = ((900, 400), (893, 500), (902, 600))
    p.draw("#27335f", lambda pen: [pen.box(x - 2, y - 2, x + 15, y + 26, round=8) for x, y in slits])
    p.draw("#ffd486", lambda pen: [pen.box(x, y, x + 13, y + 24, round=6) for x, y in slits])
    p.draw("#1c2748", lambda pen: pen.box(886, 660, 920, 730, round=15))
    p.draw("#141d3c", lambda pen: (pen.poly([(858, 330), (952, 330), (962, 314), (848, 314)]), pen.box(842, 306, 968, 315)))
    p.draw("#141d3c", lambda pen: ([pen.box(846 + i * 15, 284, 848.4 + i * 15, 308) for i in range(9)], pen.box(844, 282, 969, 285), pen.box(844, 294, 969, 296)))
    p.draw("#fff3cc", lambda pen: pen.box(878, 236, 932, 308))
    p.draw("#2a2d4a", lambda pen: ([pen.box(876 + i * 14, 234, 878.4 + i * 14, 308) for i in range(5)], pen.box(876, 258, 934, 260), pen.box(876, 284, 934, 286)))
    p.draw("#9c3038", lambda pen: (pen.poly([(868, 236), (942, 236), (928, 212), (905, 196), (882, 212)]), pen.oval(905, 194, 6), pen.box(903.8, 168, 906.2, 196)))
    p.draw("#5f1d2b", lambda pen: pen.poly([(912, 236), (942, 236), (928, 212), (905, 196)]), 0.7)
    top = np.interp(np.arange(1600), [0, 360, 430, 560, 690, 840, 1000, 1150, 1310, 1450, 1600], [1200, 1200, 960, 850, 745, 712, 710, 713, 742, 770, 800])
    top = top + p.ridge(0, 4, 90, 0.6)
    p.draw("#b9c4e2", lambda pen: [pen.oval(fx + p.rng.normal(0, 9), top[int(fx)] + p.rng.normal(0, 5), p.rng.uniform(12, 40), p.rng.uniform(1.5, 3.5)) for fx in np.linspace(400, 500, 30)], 0.5, 1)
    land = p.below(top)
    p.paint(land, p.down((690, "#1e2c50"), (820, "#131d3c"), (1067, "#0a1026")))
    facets(p, land, top + 26, ["#26355f", "#070c1e", "#30406d", "#0d1633"], 150, 86, 0.42)
    rim = land * (1 - np.roll(land, 7, 0)) + land * (1 - np.roll(land, 3, 0))
    p.paint(np.clip(rim, 0, 1), "#5a6a9c", 0.55)
    rocks = p.layer("rocks")
    for i, (cx, cy, w, h) in enumerate(((250, 960, 120, 46), (140, 1010, 90, 30), (420, 1000, 150, 60))):
        rocks.draw("#0d1530", lambda pen: pen.poly([(cx - w, cy), (cx - w * 0.6, cy - h * 0.7), (cx - w * 0.1, cy - h), (cx + w * 0.35, cy - h * 0.6), (cx + w, cy)]))
        rocks.draw("#33426e", lambda pen: pen.poly([(cx - w * 0.6, cy - h * 0.7), (cx - w * 0.1, cy - h), (cx + w * 0.35, cy - h * 0.6), (cx, cy - h * 0.55)]), 0.8)
        rocks.draw("#b9c4e2", lambda pen: [pen.oval(cx + u * w, cy + 2, w * 0.2, 2.2) for u in (-0.85, -0.4, 0.1, 0.6, 0.85)], 0.4, 1)
    p.place(rocks)

    p.lamp(*lamp, 360, "#ffd791", 0.5)
    p.lamp(*lamp, 120, "#ffeec2", 0.9)
    # Grass, a fence and a path
    p.draw("#0d1530", lambda pen: [pen.line([(x, top[int(x)] + 3), (x + p.rng.uniform(-5, 5), top[int(x)] - p.rng.uniform(4, 13))], 1.3) for x in p.rng.uniform(600, 1590, 500)])
    p.draw("#0c1429", lambda pen: ([pen.box(x, top[x] - 24, x + 3.4, top[x] + 5) for x in range(1200, 1590, 44)], [pen.line([(x, top[x] - d) for x in range(1200, 1570, 22)], 1.6) for d in (20, 10)]))
    p.draw("#d9def0", lambda pen: gulls(pen, np.random.default_rng(12), 8, 360, 420, 740, 600, 12), 0.75)
    return p.finish(vignette=0.22)


# The crane ------------------------------------------------------------------------------------------------

def kran(name):
    p = Layer(1067, 1600, name)
    p.fill(p.down((0, "#8e979d"), (500, "#b5bbbc"), (950, "#d3d3cd"), (1150, "#dcd8cd")))
    for colour, share, top, bottom in (("#6f7a83", 0.6, -100, 700), ("#e9e7e0", 0.7, 100, 1000), ("#7f8a91", 0.4, 300, 900)):
        clouds(p, colour, top, bottom, share, 800, 170)
    # Sheds in the haze
    p.draw("#b3b6b3", lambda pen: ([pen.box(x, 1190 - h, x + w, 1350) for x, w, h in ((0, 120, 60), (130, 70, 120), (610, 130, 84), (750, 60, 160), (820, 247, 70))],
                                   pen.box(230, 960, 250, 1350), pen.box(262, 1000, 280, 1350)))
    p.draw("#9a9f9e", lambda pen: [pen.poly([(x, 1350), (x, 1220), (x + 40, 1196), (x + 40, 1220), (x + 80, 1196), (x + 80, 1220), (x + 120, 1196), (x + 120, 1350)]) for x in (-30, 90, 760, 880, 1000)])
    p.mist(1050, 1220, 1320, "#d6d3c9", 0.7)

    rust, dark, light = "#a5482f", "#6d2d22", "#c96b47"
    # The portal
    def portal(pen):
        for x0, x1 in ((300, 352), (736, 684)):
            pen.poly([(x0 - 24, 1352), (x0 + 24, 1352), (x1 + 17, 930), (x1 - 17, 930)])
            pen.box(x0 - 52, 1334, x0 + 52, 1360, round=5)
        pen.box(318, 904, 718, 950)
        pen.poly([(318, 950), (718, 950), (690, 972), (346, 972)])
    back = p.draw(mix(dark, "#b5b0a8", 0.35), lambda pen: (
        pen.poly([(402, 1338), (430, 1338), (440, 960), (418, 960)]), pen.poly([(606, 1338), (634, 1338), (618, 960), (596, 960)]),
        pen.line([(330, 1180), (706, 980)], 9), pen.line([(706, 1180), (330, 980)], 9)))
    m = p.draw(rust, portal)
    # The turntable, the house with its lit windows
    p.draw(dark, lambda pen: (pen.box(400, 868, 640, 906, round=6), pen.box(430, 850, 610, 870)))
    m += p.draw(rust, lambda pen: pen.poly([(300, 640), (590, 640), (640, 690), (640, 852), (300, 852)]))
    p.draw(dark, lambda pen: (pen.poly([(284, 626), (596, 626), (652, 684), (640, 692), (590, 644), (284, 644)]), pen.box(300, 836, 640, 852)))
    # The mast and the jib with its ropes
    foot, tip = (600, 800), (930, 170)
    p.draw(dark, lambda pen: (pen.lattice((470, 640), (440, 330), 120, 44, 6, 11, 6)))
    p.draw(rust, lambda pen: (pen.lattice(foot, tip, 76, 26, 15, 11, 5.5), pen.oval(*tip, 21), pen.oval(440, 326, 24), pen.oval(*foot, 26)))
    p.draw(dark, lambda pen: (pen.oval(*tip, 8), pen.oval(440, 326, 9), pen.oval(*foot, 9)))
    p.draw("#4b2a26", lambda pen: (pen.line([(440, 318), tip], 3.4), pen.line([(440, 334), (918, 190)], 3.4), pen.line([(440, 326), (304, 640)], 5), pen.line([(446, 326), (324, 640)], 3.4),
                                   pen.line([(944, 178), (944, 640)], 3), pen.line([(936, 180), (936, 640)], 3)))
    p.draw(dark, lambda pen: (pen.box(922, 636, 958, 690, round=9), pen.line([(940, 690), (940, 712)], 7), pen.bow((940, 708), (972, 742), (938, 748), 8), pen.bow((938, 748), (918, 748), (920, 730), 8)))
    # A counterweight behind
    p.draw(dark, lambda pen: pen.poly([(228, 700), (306, 690), (306, 830), (228, 812)]))
    p.draw(light, lambda pen: pen.box(228, 700, 240, 812), 0.5)
    # What years have left: streaks of rust, paint that has faded
    m = np.clip(m, 0, 1)
    p.paint(m * smooth(0.15, 0.6, p.noise(60, 260, 4)), dark, 0.55)
    p.paint(m * smooth(0.2, 0.7, p.noise(90, 90, 4)), light, 0.55)
    p.paint(m * smooth(560, 740, p.xx), "#4a1f1d", 0.42)
    p.draw("#7c3627", lambda pen: ([pen.box(x, 646, x + 2, 836) for x in range(322, 640, 22)]), 0.55)
    rivets = lambda pen: ([pen.oval(x, y, 2.4) for x in range(334, 714, 16) for y in (911, 943)])
    p.draw("#6d2d22", rivets, 0.8)
    wins = [(330, 690, 66, 78), (416, 690, 66, 78), (502, 690, 66, 78)]
    p.draw("#5b2a22", lambda pen: [pen.box(x - 6, y - 6, x + w + 6, y + h + 6) for x, y, w, h in wins])
    p.draw("#ffd994", lambda pen: [pen.box(*w[:2], w[0] + w[2], w[1] + w[3]) for w in wins[:2]])
    p.draw("#8fa0a8", lambda pen: pen.box(502, 690, 568, 768))
    p.draw("#b6c2c6", lambda pen: pen.poly([(502, 768), (540, 690), (556, 690), (518, 768)]))
    p.draw("#e8b567", lambda pen: (pen.poly([(330, 690), (352, 690), (338, 768), (330, 768)]), pen.poly([(396, 690), (374, 690), (388, 768), (396, 768)])), 0.8)
    p.draw("#5b2a22", lambda pen: [(pen.box(x + w / 2 - 2.5, y, x + w / 2 + 2.5, y + h), pen.box(x, y + 25, x + w, y + 29)) for x, y, w, h in wins])
    p.draw("#4d6b46", lambda pen: ([pen.oval(x, y, r) for x, y, r in ((430, 752, 7), (438, 746, 8), (447, 752, 7), (440, 757, 8))]))
    p.draw("#3a2523", lambda pen: pen.poly([(430, 758), (448, 758), (446, 768), (432, 768)]))
    p.draw("#ece5d6", lambda pen: [pen.box(340 + i * 42, 790, 360 + i * 42, 818) for i in range(0)])
    p.lamp(363, 730, 120, "#ffb75e", 0.4)
    p.lamp(449, 730, 120, "#ffb75e", 0.4)
    # Stairs, a rail, a clothes line: somebody lives there
    p.draw("#4b2a26", lambda pen: (
        pen.line([(640, 852), (700, 852)], 5), [pen.line([(x, 852), (x, 812)], 3) for x in (646, 672, 698)], pen.line([(640, 814), (700, 814)], 3),
        pen.line([(698, 904), (804, 1340)], 4), pen.line([(722, 904), (828, 1340)], 4), [pen.line([(698 + t * 106, 904 + t * 436), (722 + t * 106, 904 + t * 436)], 3) for t in np.linspace(0.02, 0.98, 32)]))
    # The pier and the water
    p.draw("#6d706e", lambda pen: pen.poly([(0, 1344), (1067, 1344), (1067, 1424), (0, 1424)]))
    p.draw("#8b8d88", lambda pen: pen.box(0, 1344, 1067, 1356))
    p.draw("#565a5a", lambda pen: ([pen.box(x, 1356, x + 2, 1424) for x in range(40, 1067, 88)], pen.box(0, 1388, 1067, 1390)), 0.8)
    p.draw("#3c4042", lambda pen: [(pen.box(x, 1326, x + 26, 1346), pen.box(x - 5, 1320, x + 31, 1331, round=4)) for x in (92, 930)])
    p.draw("#2f3335", lambda pen: [pen.oval(x, 1398, 17, 24) for x in (180, 560, 900)])
    p.draw("#6d706e", lambda pen: [pen.oval(x, 1398, 7, 11) for x in (180, 560, 900)])
    p.draw("#3a3d40", lambda pen: (pen.oval(196, 1276, 8.5), pen.poly([(184, 1318), (186, 1290), (195, 1284), (205, 1290), (208, 1318), (205, 1346), (198, 1346), (196, 1322), (193, 1346), (187, 1346)])))
    p.draw("#d0a63c", lambda pen: pen.poly([(184, 1320), (185, 1292), (192, 1285), (201, 1285), (207, 1292), (208, 1320)]))
    p.draw("#a9822c", lambda pen: pen.poly([(199, 1291), (204, 1290), (216, 1312), (226, 1320), (223, 1323), (211, 1317)]))
    p.draw("#8a6a52", lambda pen: pen.oval(198, 1279, 6.5))
    p.draw("#3a3d40", lambda pen: (pen.poly([(228, 1346), (230, 1326), (256, 1324), (262, 1312), (270, 1318), (262, 1330), (260, 1346), (256, 1346), (254, 1334), (236, 1334), (233, 1346)])))
    p.draw("#4a4f53", lambda pen: gulls(pen, np.random.default_rng(5), 9, 90, 240, 400, 520, 14), 0.8)
    p.water(1424, "#4a5659", "#8d9694", (0.75, 0.3), ripple=1.2, glint=0.03)
    return p.finish(vignette=0.2)


# The train ------------------------------------------------------------------------------------------------

def train(name):
    p = Layer(1600, 900, name)
    p.fill(p.down((0, "#7fb0c9"), (220, "#b8d3d3"), (400, "#f3e6c4"), (520, "#fbe9c2")))
    clouds(p, "#ffffff", 20, 330, 0.65, 800, 90)
    p.lamp(1230, 250, 520, "#fff0c0", 0.6)
    p.paint(p.below(p.ridge(350, 70, 560)), p.down((260, "#9bb5b4"), (480, "#d9d9bb")))
    p.paint(p.below(p.ridge(415, 60, 430)), p.down((340, "#7c9f93"), (540, "#cdd2a8")))
    hill = p.ridge(470, 46, 380)
    p.paint(p.below(hill), p.down((400, "#6b9277"), (640, "#b7c58e")))

    def hedges(pen):
        for _ in range(150):
            x = p.rng.uniform(0, 1600)
            pen.oval(x, hill[int(x)] + p.rng.uniform(0, 14), p.rng.uniform(6, 20), p.rng.uniform(6, 13))
    p.draw("#5b846e", hedges, 0.9)
    p.mist(430, 540, 650, "#fbeecd", 0.75)
    x = np.arange(1600)
    valley = np.interp(x, [0, 200, 480, 760, 1000, 1300, 1600], [500, 590, 690, 730, 712, 620, 520]) + p.ridge(0, 14, 240)
    p.paint(p.below(valley), p.down((480, "#7ba35f"), (740, "#4f8457"), (900, "#386b4c")))
    p.paint(p.below(valley) * smooth(0.1, 0.6, p.noise(500, 70, 4)), "#9cb968", 0.4)

    # The viaduct
    deck, spring = 372, 452
    piers = [40 + 190 * i for i in range(9)]
    thick = 34
    foot = lambda at: valley[int(np.clip(at, 0, 1599))] + 26

    def stone(pen):
        pen.box(0, deck, 1600, spring + 10)
        for at in piers:
            pen.poly([(at - thick / 2, spring), (at + thick / 2, spring), (at + thick / 2 + 9, foot(at)), (at - thick / 2 - 9, foot(at))])
            pen.box(at - thick / 2 - 5, spring + 62, at + thick / 2 + 5, spring + 72)
        for at in piers[:-1] + [-150]:
            left, right = at + thick / 2, at + 190 - thick / 2
            pen.draw.pieslice([left * 3, (spring - 56) * 3, right * 3, (spring + 100) * 3], 180, 360, fill=0)
            pen.box(left, spring + 20, right, spring + 62, value=0)
    m = p.mask(stone)
    p.paint(m, p.down((360, "#c9ae86"), (520, "#b3946f"), (760, "#8b745b")))
    courses = p.mask(lambda pen: ([pen.box(0, y, 1600, y + 1.3) for y in range(384, 800, 13)],
                                  [pen.box(x + (7 if (y // 13) % 2 else 0), y, x + 1.3 + (7 if (y // 13) % 2 else 0), y + 13) for y in range(384, 800, 13) for x in range(0, 1600, 27)]))
    p.paint(m * courses, "#7d6650", 0.32)
    p.paint(m * smooth(0.0, 0.7, p.noise(70, 60, 4)), "#8d7458", 0.35)
    p.paint(m * smooth(0.1, 0.7, p.noise(160, 90, 4)), "#e0c9a0", 0.4)
    # Rings above the arches, and what the sun does not reach
    rings = p.mask(lambda pen: [pen.draw.arc([(at + thick / 2 - 9) * 3, (spring - 65) * 3, (at + 190 - thick / 2 + 9) * 3, (spring + 109) * 3], 180, 360, fill=255, width=27) for at in piers[:-1] + [-150]])
    p.paint(m * rings, "#d9c199", 0.75)
    shade = p.mask(lambda pen: [pen.poly([(at - thick / 2 - 12, spring - 10), (at - thick / 2 + 12, spring - 10), (at - thick / 2 + 10, 800), (at - thick / 2 - 14, 800)]) for at in piers])
    p.paint(m * shade, "#5d4b40", 0.5)
    p.draw("#e2cda6", lambda pen: pen.box(0, deck - 3, 1600, deck + 6))
    p.draw("#8b735a", lambda pen: pen.box(0, deck + 6, 1600, deck + 11), 0.7)
    p.draw("#cdb48c", lambda pen: (pen.box(0, deck - 20, 1600, deck - 3)))
    p.draw("#9c8365", lambda pen: [pen.box(x, deck - 20, x + 1.5, deck - 3) for x in range(0, 1600, 38)], 0.6)
    p.draw("#ead7b2", lambda pen: pen.box(0, deck - 23, 1600, deck - 19))

    # Two carriages; their wheels are behind the parapet
    for left, front in ((620, False), (899, True)):
        top, low, right = deck - 96, deck - 22, left + 272
        nose = 34 if front else 10
        back = 10 if front else 34
        body = p.mask(lambda pen: pen.poly([(left + back * 0.6, top), (right - nose * 0.6, top), (right - 4, top + 36), (right, low), (left, low), (left + 4, top + 36)]))
        p.paint(body, p.down((top, "#fbf3df"), (low, "#e5d6b5")))
        p.paint(body * smooth(low - 31, low - 30, p.yy), p.down((low - 30, "#1f6f78"), (low, "#15535f")))
        p.paint(body * smooth(low - 36, low - 35, p.yy) * (1 - smooth(low - 32, low - 31, p.yy)), "#d9583b")
        p.draw("#a9a391", lambda pen: pen.poly([(left + back * 0.6, top), (left + back * 0.6 + 10, top - 7), (right - nose * 0.6 - 10, top - 7), (right - nose * 0.6, top)]))
        p.draw("#8c877a", lambda pen: [pen.box(x, top - 12, x + 44, top - 5, round=3) for x in (left + 70, left + 160)])
        cells = [left + 44 + i * 37 for i in range(5)]
        p.draw("#2f4a58", lambda pen: [pen.box(x, top + 14, x + 29, top + 37, round=4) for x in cells])
        p.draw("#ffe7ad", lambda pen: [pen.poly([(x + 4, top + 37), (x + 14, top + 14), (x + 22, top + 14), (x + 12, top + 37)]) for x in cells], 0.65)
        p.draw("#e7dcc0", lambda pen: [pen.box(x, top + 10, x + 18, low) for x in (left + 20, left + 232)], 0.6)
        p.draw("#2f4a58", lambda pen: [pen.box(x + 3.5, top + 15, x + 14.5, top + 37, round=2) for x in (left + 20, left + 232)])
        if front:
            p.draw("#24404d", lambda pen: pen.poly([(right - 20, top + 8), (right - 14, top + 8), (right - 5, top + 37), (right - 13, top + 37)]))
            p.lamp(right, low - 20, 70, "#fff2c2", 0.9)
        else:
            p.draw("#39352f", lambda pen: pen.box(right - 1, top + 10, right + 8, low))
    # Meadow, river, trees in front
    trees = p.draw("#33644a", lambda pen: [leafy(pen, p.rng, x, valley[int(x)] + 34, s, s * 1.1) for x, s in ((95, 120), (170, 90), (262, 70), (1440, 110), (1530, 140), (1360, 70), (610, 40), (1130, 46))])
    crowns = p.mask(lambda pen: [pen.oval(x + p.rng.normal(0, s * 0.13) + s * 0.13, valley[int(x)] + 34 - s * 0.8 + p.rng.normal(0, s * 0.09), s * 0.07, s * 0.055) for x, s in ((95, 120), (170, 90), (262, 70), (1440, 110), (1530, 140), (1360, 70)) for _ in range(13)])
    p.paint(crowns * trees, "#8fae62", 0.55)
    river = bow((776, 742), (640, 800), (900, 902), 60)
    course = [(px - 4 - i * 1.5, py) for i, (px, py) in enumerate(river)] + [(px + 4 + i * 3.7, py) for i, (px, py) in reversed(list(enumerate(river)))]
    m = p.mask(lambda pen: pen.poly(course), 1.2)
    p.paint(m, p.down((715, "#f6ecd0"), (800, "#b9d2cc"), (900, "#7fb0b9")))
    p.paint(m * smooth(0.2, 0.7, p.noise(120, 14, 3)), "#ffffff", 0.5)
    p.draw("#f7f3e6", lambda pen: [(pen.oval(x, y, s, s * 0.62), pen.oval(x + s * 0.9, y - s * 0.3, s * 0.36)) for x, y, s in ((420, 742, 6), (446, 758, 7), (398, 765, 7), (1120, 770, 7), (1150, 786, 8), (1200, 752, 6), (360, 730, 5))])
    p.draw("#3d3a33", lambda pen: [pen.oval(x + s * 1.05, y - s * 0.3, s * 0.27) for x, y, s in ((420, 742, 6), (446, 758, 7), (398, 765, 7), (1120, 770, 7), (1150, 786, 8), (1200, 752, 6), (360, 730, 5))])
    p.mist(600, 700, 790, "#fdf1d2", 0.4, 0.9)
    ground = p.ridge(852, 16, 300)
    p.paint(p.below(ground) * (1 - m), p.down((830, "#2f5f45"), (900, "#214a39")))
    p.draw("#2f5f45", lambda pen: [pen.line([(gx, ground[int(gx)] + 6), (gx + p.rng.uniform(-8, 8), ground[int(gx)] - p.rng.uniform(6, 24))], 1.8) for gx in p.rng.uniform(0, 1599, 900) if not 690 < gx < 1080])
    p.draw("#e9c75b", lambda pen: [pen.oval(gx, ground[int(gx)] + p.rng.uniform(-16, 30), 2.8) for gx in p.rng.uniform(0, 1599, 110) if not 690 < gx < 1080], 0.9)
    return p.finish(vignette=0.14)


# The volcano ----------------------------------------------------------------------------------------------

def volcano(name):
    p = Layer(1600, 1067, name)
    p.fill(p.down((0, "#3f6ea3"), (280, "#86b1c9"), (480, "#dcd9c4"), (640, "#f8dcb2")))
    clouds(p, "#fff6e6", 330, 620, 0.55, 1100, 70)
    p.lamp(230, 560, 620, "#ffd79a", 0.55)
    line = 690
    x = np.arange(1600)
    p.paint(p.below(p.ridge(640, 20, 320)), "#a9b3bb")
    # The plume: it rises thinly, and the wind takes it
    peak = (965, 212)
    plume = [(966, 262), (960, 206), (968, 156), (992, 116), (1046, 88), (1130, 72), (1250, 64), (1400, 46), (1640, 26)]
    t = np.linspace(0, len(plume) - 1, 150)
    px, py = (np.interp(t, range(len(plume)), [q[i] for q in plume]) for i in (0, 1))
    puffs = [(a + p.rng.normal(0, 2 + i * 0.06), b + p.rng.normal(0, 2 + i * 0.07), 7 + i * 0.2 * p.rng.uniform(0.6, 1.15)) for i, (a, b) in enumerate(zip(px, py))]
    p.draw("#ffffff", lambda pen: [pen.oval(a, b, r, r * 0.85, value=int(255 * max(0.35, 1 - i / 190))) for i, (a, b, r) in enumerate(puffs)], 0.9, 4)
    p.draw("#9fb2c6", lambda pen: [pen.oval(a + 3, b + r * 0.45, r * 0.7, r * 0.4) for a, b, r in puffs[::2]], 0.35, 6)
    # The cone
    away = np.abs(x - peak[0])
    cone = 218 + 520 * (1 - np.exp(-away / 330)) * 1.06 + p.ridge(0, 9, 120, 0.6)
    dip = np.exp(-(((x - peak[0]) / 34) ** 2)) * 26
    cone = np.maximum(cone, 262 + p.ridge(0, 4, 40)) + dip
    m = p.below(cone)
    p.paint(m, p.down((210, "#4c4a5e"), (460, "#454a60"), (690, "#66707a")))
    angle = (p.xx - peak[0]) / np.maximum(p.yy - 150, 20)
    knots = np.linspace(-6, 6, 150)
    gullies = np.interp(angle + p.noise(60, 60, 3) * 0.035, knots, p.rng.uniform(-1, 1, 150)).astype(np.float32) * 0.75
    slant = np.clip((p.xx - peak[0]) / 260, -1, 1)
    p.paint(m * smooth(-0.1, 0.35, gullies + slant * 0.5), "#2b2d42", 0.55)
    p.paint(m * smooth(0.1, 0.6, gullies - slant * 0.6), "#8a7d7d", 0.5)
    p.paint(m * (1 - smooth(230, 330, p.yy + gullies * 40)), "#7d6b70", 0.55)
    green = p.below(p.ridge(610, 26, 200, 0.6))
    p.paint(m * green, p.down((560, "#5f7a62"), (690, "#47664f")), 0.9)
    p.paint(m * green * smooth(0.15, 0.6, p.noise(60, 26, 3)), "#83986b", 0.7)
    p.mist(430, 560, 670, "#f3dfc0", 0.42)

    # The town
    walls = ["#f3e6cf", "#e8b88c", "#d98b6a", "#f6efe0", "#e9cf8f", "#c9d4cf", "#dca39a", "#f0dcb8"]
    rows = []
    for base, low, high, step in ((640, 26, 40, 0.8), (664, 32, 54, 0.86), (line, 40, 66, 0.95)):
        at = 330 + (line - base) * 2.4
        while at < 1500 - (line - base) * 2.2:
            w = p.rng.uniform(30, 54)
            rows.append((at, base, w, p.rng.uniform(low, high), p.rng.integers(len(walls))))
            at += w * p.rng.uniform(step, 1.04)
    for base in (640, 664, line):
        here = [row for row in rows if row[1] == base]
        fade = (line - base) / 170
        for i, colour in enumerate(walls):
            p.draw(mix(colour, "#cdbfae", fade), lambda pen: [pen.box(a, b - h, a + w, b + 30) for a, b, w, h, c in here if c == i])
        p.draw("#6d5a5c", lambda pen: [pen.box(a + w * 0.74, b - h, a + w, b + 30) for a, b, w, h, c in here], 0.3)
        p.draw(mix("#b2573f", "#cdbfae", fade), lambda pen: [pen.poly([(a - 3, b - h + 1), (a + w * 0.3, b - h - 11), (a + w * 0.8, b - h - 11), (a + w + 3, b - h + 1)]) for a, b, w, h, c in here if c % 3])
        p.draw(mix("#4b5a68", "#cdbfae", fade), lambda pen: [pen.box(a + dx, b - h + dy, a + dx + 5, b - h + dy + 8) for a, b, w, h, c in here for dx in np.arange(6, w - 8, 12) for dy in np.arange(9, h - 10, 16)], 0.85)
        if base == 640:
            p.draw("#efe2c8", lambda pen: (pen.box(720, 540, 752, 660), pen.box(752, 596, 830, 660), pen.poly([(752, 596), (791, 572), (830, 596)])))
            p.draw("#c9ab86", lambda pen: pen.box(740, 540, 752, 660), 0.7)
            p.draw("#a34f3c", lambda pen: (pen.poly([(716, 541), (736, 500), (756, 541)]), pen.poly([(748, 598), (791, 570), (834, 598)])))
            p.draw("#4b5a68", lambda pen: (pen.box(730, 558, 742, 582, round=6), pen.oval(791, 616, 8)))
    p.draw("#3f5c47", lambda pen: [leafy(pen, p.rng, a, line - 2, 44, 60, 16) for a in (372, 610, 905, 1130, 1390)])
    p.draw("#8d8378", lambda pen: pen.box(300, line - 8, 1560, line + 1))
    p.draw("#cbbfa9", lambda pen: pen.box(300, line - 11, 1560, line - 7))
    p.paint(p.below(np.where(x < 330, line - 40 + np.abs(x - 120) * 0.18 + p.ridge(0, 6, 60), 2000)) * (1 - smooth(line, line + 1, p.yy)), "#55665f")
    p.water(line, "#1d5873", "#9cc3c4", (0.85, 0.25), ripple=1.1, glint=0.03)
    p.glitter(230, line, 150, "#ffe2b0", 0.45, 260)
    # Boats
    fleet = p.layer("boats")
    for bx, s, hull, sail in ((560, 0.8, "#f4efe2", None), (760, 0.7, "#2f6f8a", None), (1010, 0.9, "#c9533d", None), (1240, 0.8, "#f4efe2", None), (1400, 0.7, "#3f8066", None)):
        fleet.draw(hull, lambda pen: pen.poly([(bx - 46 * s, 726), (bx + 52 * s, 722), (bx + 38 * s, 742), (bx - 36 * s, 742)]))
        fleet.draw("#f7f2e6", lambda pen: pen.box(bx - 16 * s, 722 - 16 * s, bx + 16 * s, 725))
        fleet.draw("#3f4a55", lambda pen: (pen.line([(bx, 724), (bx, 724 - 118 * s)], 2.6), pen.line([(bx, 724 - 112 * s), (bx + 50 * s, 723)], 1), pen.line([(bx, 724 - 112 * s), (bx - 44 * s, 726)], 1), pen.line([(bx, 716), (bx - 40 * s, 712)], 3)))
    p.place(fleet, 741, 0.75, 0.9, dark="#1d5873")
    # A rowing boat and a jetty, near
    near = p.layer("near")
    near.draw("#5a4636", lambda pen: [pen.box(xx, 860, xx + 13, 985) for xx in (60, 190, 320, 440)])
    near.draw("#8a6c50", lambda pen: pen.poly([(0, 862), (470, 862), (484, 880), (0, 884)]))
    near.draw("#b08d68", lambda pen: pen.poly([(0, 850), (458, 856), (470, 864), (0, 866)]))
    near.draw("#6f563f", lambda pen: [pen.line([(xx, 851), (xx + 6, 866)], 1.6) for xx in range(10, 460, 24)], 0.7)
    near.draw("#3d2f28", lambda pen: (pen.box(120, 818, 134, 858, round=3), pen.box(404, 824, 418, 860, round=3)))
    p.place(near, 984, 0.7, 1.0, dark="#143f55", tint=0.4)
    skiff = p.layer("skiff")
    skiff.draw("#d9603f", lambda pen: pen.poly([(560, 880), (600, 896), (790, 896), (836, 876), (806, 930), (600, 930)]))
    skiff.draw("#f6ead2", lambda pen: pen.poly([(560, 880), (600, 896), (790, 896), (836, 876), (833, 884), (790, 905), (600, 905), (563, 888)]))
    skiff.draw("#7d2f24", lambda pen: pen.poly([(600, 912), (816, 912), (806, 930), (600, 930)]), 0.4)
    p.place(skiff, 929, 0.75, 0.9, dark="#143f55", tint=0.3)
    p.draw("#e9dfc8", lambda pen: pen.bow((411, 836), (480, 930), (566, 886), 2.2))
    p.draw("#f5f2ea", lambda pen: gulls(pen, np.random.default_rng(8), 9, 300, 330, 760, 500, 12), 0.9)
    return p.finish(vignette=0.16)


# The houseboats -------------------------------------------------------------------------------------------

def houseboats(name):
    p = Layer(1600, 1067, name)
    p.fill(p.down((0, "#a9bfc4"), (250, "#d5d8cc"), (480, "#f6e5c5"), (640, "#fbe7c4")))
    sun = (1180, 250)
    p.lamp(*sun, 620, "#fff0c8", 0.75)
    p.draw("#fffaf0", lambda pen: pen.oval(*sun, 42), 0.9, 3)
    line = 640
    p.draw("#c9cdbf", lambda pen: [poplar(pen, p.rng, x, 600, p.rng.uniform(170, 240)) for x in range(60, 1600, 74)], 0.75, 1.5)
    p.mist(380, 560, 640, "#f9e8c9", 0.8, 0.3)
    p.draw("#a7b3a1", lambda pen: [leafy(pen, p.rng, x + p.rng.uniform(-20, 20), 622, p.rng.uniform(120, 180), p.rng.uniform(150, 220)) for x in range(0, 1700, 130)], 0.8)
    roofs = [(80, 120, 74), (520, 90, 96), (640, 110, 70), (1080, 120, 84), (1330, 100, 100)]
    p.draw("#b9aa97", lambda pen: [(pen.box(x, 612 - h, x + w, 640), pen.poly([(x - 8, 612 - h), (x + w * 0.5, 612 - h - w * 0.42), (x + w + 8, 612 - h)]), pen.box(x + w * 0.7, 590 - h - w * 0.3, x + w * 0.7 + 12, 612 - h)) for x, w, h in roofs])
    p.draw("#fbdc9a", lambda pen: [pen.box(x + dx, 632 - h, x + dx + 13, 652 - h) for x, w, h in roofs for dx in (18, 54)], 0.8)
    p.mist(470, 610, 660, "#f7e6c8", 0.7, 0.4)
    p.draw("#7d8f74", lambda pen: (pen.box(0, 612, 1600, 642), [pen.oval(x, 614, p.rng.uniform(14, 40), p.rng.uniform(5, 13)) for x in p.rng.uniform(0, 1600, 120)]))
    p.draw("#8d8472", lambda pen: pen.box(0, 626, 1600, 676))
    p.draw("#a69c86", lambda pen: pen.box(0, 626, 1600, 631))
    p.draw("#6c6557", lambda pen: ([pen.box(x, 631, x + 2, 676) for x in range(0, 1600, 36)], pen.box(0, 652, 1600, 654)), 0.5)

    # The boats: left, length, colours of hull, cabin, stripe, roof
    boats = [
        (-70, 380, "#2d4a5e", "#c8503b", "#f3dfae", "#5a3a33"),
        (345, 420, "#3b3f4c", "#2f7f7b", "#f3dfae", "#2b4a4c"),
        (800, 360, "#5b2f36", "#e0a63c", "#fff3d2", "#7a5530"),
        (1195, 450, "#2f4436", "#3d5f9a", "#f6d9a8", "#2a3d5f"),
    ]
    for i, (left, length, hull, cabin, stripe, roof) in enumerate(boats):
        right, deck, water = left + length, 640, 672
        c0, c1, top = left + 62, right - 56, deck - 66
        p.draw(cabin, lambda pen: pen.poly([(c0 + 5, top), (c1 - 5, top), (c1, deck), (c0, deck)]))
        p.draw(mix(cabin, "#ffffff", 0.28), lambda pen: pen.poly([(c0 + 5, top), (c1 - 5, top), (c1 - 3, top + 18), (c0 + 3, top + 18)]), 0.6)
        p.draw(stripe, lambda pen: (pen.box(c0 + 2, top + 13, c1 - 2, top + 17), pen.box(c0, deck - 12, c1, deck - 8)))
        p.draw(roof, lambda pen: pen.poly([(c0 - 10, top + 2), (c0 + 2, top - 9), (c1 - 2, top - 9), (c1 + 10, top + 2)]))
        wins = np.arange(c0 + 28, c1 - 40, 58)
        p.draw(stripe, lambda pen: [pen.box(x - 3, top + 21, x + 33, top + 49, round=4) for x in wins])
        p.draw("#3c4a52", lambda pen: [pen.box(x, top + 24, x + 30, top + 46, round=3) for x in wins])
        lit = [x for j, x in enumerate(wins) if (j + i) % 3 == 1]
        p.draw("#ffdf92", lambda pen: [pen.box(x, top + 24, x + 30, top + 46, round=3) for x in lit])
        p.draw("#f6efe0", lambda pen: [pen.poly([(x, top + 24), (x + 9, top + 24), (x + 3, top + 46), (x, top + 46)]) for x in wins], 0.75)
        # What stands on the roof
        p.draw("#4a4238", lambda pen: (pen.box(c0 + 34, top - 44, c0 + 44, top - 8), pen.box(c0 + 30, top - 48, c0 + 48, top - 42, round=2)))
        pots = [c0 + 90 + j * 22 for j in range(4 + i % 2)]
        p.draw("#a2543a", lambda pen: [pen.poly([(x - 8, top - 22), (x + 8, top - 22), (x + 6, top - 8), (x - 6, top - 8)]) for x in pots])
        p.draw("#55784c", lambda pen: [pen.oval(x + p.rng.normal(0, 6), top - 27 + p.rng.normal(0, 4), 5) for x in pots for _ in range(9)])
        p.draw(["#e5596a", "#f6d24b", "#f4f0e4", "#e8874a"][i], lambda pen: [pen.oval(x + p.rng.normal(0, 7), top - 31 + p.rng.normal(0, 4), 2.6) for x in pots for _ in range(6)])
        if i == 1:
            p.draw("#3a3a3f", lambda pen: ([pen.draw.ellipse([(x - 19) * 3, (top - 47) * 3, (x + 19) * 3, (top - 9) * 3], outline=255, width=8) for x in (c1 - 110, c1 - 56)],
                                           pen.line([(c1 - 110, top - 28), (c1 - 88, top - 54), (c1 - 66, top - 54), (c1 - 56, top - 28)], 3), pen.line([(c1 - 88, top - 54), (c1 - 84, top - 28), (c1 - 66, top - 54)], 3), pen.line([(c1 - 68, top - 64), (c1 - 56, top - 64)], 3), pen.line([(c1 - 66, top - 62), (c1 - 64, top - 52)], 3)))
        if i == 3:
            p.draw("#7a6a55", lambda pen: [pen.box(c1 - 150 + j * 15, top - 22 - (j % 3) * 7, c1 - 138 + j * 15, top - 9) for j in range(7)])
        p.draw(hull, lambda pen: pen.poly([(left, deck - 22), (left + 40, deck - 5), (right - 40, deck - 5), (right, deck - 16), (right - 14, water), (left + 26, water)]))
        p.draw(stripe, lambda pen: pen.line([(left + 3, deck - 15), (left + 42, deck + 2), (right - 42, deck + 2), (right - 3, deck - 9)], 4))
        p.draw("#1e2228", lambda pen: [pen.oval(x, deck + 16, 9, 12) for x in (left + 120, right - 120)])
        p.draw("#3a352f", lambda pen: pen.line([(right - 28, deck - 14), (right - 28, deck - 66)], 3))
        for x in lit:
            p.lamp(x + 15, top + 35, 60, "#ffcf7d", 0.45)
    p.draw(["#5d6a72"][0], lambda pen: [pen.box(x, 590, x + 9, 676, round=3) for x in (332, 778, 1178)])
    # The smoke of two stoves
    for x in (-70 + 62 + 39, 800 + 62 + 39):
        p.draw("#fffaf0", lambda pen: [pen.oval(x + 0.5 * t**1.5 + p.rng.normal(0, 1 + t * 0.12), 524 - t * 4.6, 4 + t * 0.5, 3 + t * 0.55, value=int(200 * (1 - t / 44))) for t in range(44)], 0.55, 5)
    p.water(672, "#5d7f80", "#dccfae", (0.9, 0.45), ripple=0.75, size=1.1, glint=0.018)
    p.glitter(sun[0], 672, 120, "#fff2cc", 0.42, 200)
    p.mist(600, 690, 790, "#fbebd0", 0.55, 0.75)
    p.mist(760, 850, 980, "#f6e8cf", 0.22, 0.9)
    # The near bank: reeds, and a heron
    p.draw("#2e4238", lambda pen: ([pen.bow((x, 1075), (x + p.rng.normal(0, 10), 1000), (x + p.rng.normal(0, 34), 1067 - p.rng.uniform(40, 190) * np.exp(-(((x - 120) / 300) ** 2)) - 16), 3.2, steps=14) for x in p.rng.uniform(-20, 620, 210)]))
    p.draw("#3d5546", lambda pen: ([pen.bow((x, 1075), (x + p.rng.normal(0, 10), 1010), (x + p.rng.normal(0, 34), 1067 - p.rng.uniform(30, 130) * np.exp(-(((x - 1560) / 170) ** 2)) - 8), 3.2, steps=14) for x in p.rng.uniform(1250, 1620, 130)]))
    p.draw("#5d4532", lambda pen: [(pen.box(x, y, x + 8, y + 38, round=4), pen.line([(x + 5, y - 16), (x + 4, y), (x + 12, 1067)], 2.2)) for x, y in ((58, 880), (118, 846), (176, 872), (236, 902))])
    heron = p.layer("heron")
    hx, hy = 470, 980
    heron.draw("#3f4f58", lambda pen: (
        pen.line([(hx - 4, hy - 60), (hx - 6, hy)], 2.6), pen.line([(hx + 9, hy - 60), (hx + 10, hy)], 2.6),
        pen.poly([(hx - 58, hy - 56), (hx - 20, hy - 92), (hx + 18, hy - 104), (hx + 30, hy - 84), (hx + 10, hy - 58), (hx - 30, hy - 54)]),
        pen.bow((hx + 20, hy - 94), (hx + 46, hy - 120), (hx + 22, hy - 142), 9), pen.bow((hx + 22, hy - 142), (hx + 10, hy - 164), (hx + 30, hy - 172), 7),
        pen.oval(hx + 33, hy - 173, 9, 6.5)))
    heron.draw("#d69a3c", lambda pen: pen.poly([(hx + 39, hy - 176), (hx + 72, hy - 168), (hx + 39, hy - 169)]))
    heron.draw("#c7ced0", lambda pen: pen.bow((hx + 24, hy - 94), (hx + 49, hy - 120), (hx + 26, hy - 142), 3.5))
    heron.draw("#8b9aa2", lambda pen: pen.poly([(hx - 46, hy - 60), (hx - 16, hy - 88), (hx + 14, hy - 94), (hx + 4, hy - 70)]))
    p.place(heron, hy, 0.6, 0.8, dark="#5d7f80")
    return p.finish(vignette=0.16)


# The footbridge -------------------------------------------------------------------------------------------

def walker(parts, x, base, h, coat, way=1, bag=False, step=0.5):
    """A person; parts is a dictionary of shapes by colour."""
    skin, dark = "#c98f6f", "#2a3038"
    parts.setdefault(dark, []).append([(x - h * 0.06, base - h * 0.46), (x + h * 0.06, base - h * 0.46), (x + h * (0.03 + 0.13 * step), base), (x + h * (-0.03 + 0.13 * step), base), (x, base - h * 0.34), (x - h * (-0.02 + 0.13 * step), base), (x - h * (0.04 + 0.13 * step), base)])
    parts.setdefault(coat, []).append([(x - h * 0.085, base - h * 0.42), (x - h * 0.095, base - h * 0.76), (x - h * 0.04, base - h * 0.84), (x + h * 0.04, base - h * 0.84), (x + h * 0.095, base - h * 0.76), (x + h * 0.085, base - h * 0.42)])
    parts.setdefault(mixed(coat), []).append([(x + way * h * 0.02, base - h * 0.76), (x + way * h * 0.06, base - h * 0.75), (x + way * h * (0.05 + 0.09 * step), base - h * 0.48), (x + way * h * (0.01 + 0.09 * step), base - h * 0.48)])
    parts.setdefault(skin, []).append(circle(x + way * h * 0.01, base - h * 0.91, h * 0.062))
    parts.setdefault("#3b2a22", []).append(circle(x - way * h * 0.012, base - h * 0.93, h * 0.058))
    if bag:
        parts.setdefault("#8a3c33", []).append([(x - way * h * 0.09, base - h * 0.76), (x - way * h * 0.19, base - h * 0.72), (x - way * h * 0.18, base - h * 0.5), (x - way * h * 0.09, base - h * 0.5)])


def mixed(colour):
    return "#" + "".join(f"{round(v * 0.72 * 255):02x}" for v in rgb(colour))


def circle(x, y, r):
    a = np.linspace(0, 2 * np.pi, 20)
    return list(zip(x + np.cos(a) * r, y + np.sin(a) * r))


def footbridge(name):
    p = Layer(1600, 1067, name)
    p.fill(p.down((0, "#8fb8c6"), (260, "#cfe0d8"), (430, "#f5ecd2")))
    clouds(p, "#ffffff", 30, 330, 0.75, 700, 100)
    p.lamp(520, 300, 560, "#fff3cf", 0.55)
    # Mountains
    heights = p.ridge(250, 120, 420, 0.52)
    m = p.below(heights)
    p.paint(m, p.down((140, "#8ea6b1"), (460, "#c3cfc4")))
    p.paint(m * smooth(0.0, 0.4, p.noise(120, 120, 4, 0.6)) * (1 - smooth(-30, 90, p.yy - heights[None, :])), "#f7f6ef", 0.85)
    p.paint(p.below(p.ridge(400, 60, 360)), p.down((340, "#7e9c98"), (560, "#b7c8b2")))
    wood = p.ridge(470, 40, 260)
    p.paint(p.below(wood), p.down((430, "#557d70"), (660, "#8aa88c")))
    p.draw("#4d7468", lambda pen: [conifer(pen, p.rng, x, wood[int(x)] + 14, p.rng.uniform(28, 56)) for x in p.rng.uniform(0, 1599, 230)])
    p.mist(430, 560, 700, "#e9efdc", 0.65)
    x = np.arange(1600)
    # The far bank, then water
    line = 760
    bank = np.interp(x, [0, 300, 620, 800, 980, 1300, 1600], [600, 690, 738, 746, 736, 680, 590]) + p.ridge(0, 10, 130, 0.6)
    m = p.below(bank)
    p.paint(m, p.down((580, "#5c8a62"), (770, "#3f6f52")))
    p.paint(m * smooth(0.1, 0.6, p.noise(200, 50, 4)), "#86ab6c", 0.55)
    p.draw("#34604c", lambda pen: [conifer(pen, p.rng, a, bank[int(a)] + 20, p.rng.uniform(70, 150)) for a in np.concatenate([p.rng.uniform(0, 330, 26), p.rng.uniform(1270, 1599, 26)])])
    # Rock on both sides, where the bridge rests
    left = np.interp(x, [0, 150, 230, 262, 290, 340, 420, 1600], [540, 552, 556, 600, 690, 760, 840, 2000])
    right = np.interp(x, [0, 1180, 1262, 1312, 1338, 1372, 1450, 1600], [2000, 840, 760, 690, 600, 556, 552, 540])
    for shape, seed in ((left, 1), (right, 2)):
        rock = p.below(shape + p.ridge(0, 7, 60, 0.6) * (shape < 1500))
        p.paint(rock, p.down((540, "#8c8c80"), (760, "#666b67"), (860, "#4b5553")))
        facets(p, rock, np.minimum(shape, 900) + 10, ["#a9a797", "#5d6462", "#9a998c", "#4b5553"], 170, 62, 0.55, seed)
        n = p.noise(70, 130, 2)
        grass = rock * (1 - smooth(14, 26, p.yy - shape[None, :] + n * 12))
        p.paint(grass, "#6d9157", 0.95)
    # The bridge
    deck, a, b = 540, 196, 1404

    def beam(pen):
        pen.box(a - 40, deck, b + 40, deck + 13)
        pen.box(a, deck + 50, b, deck + 57)
        step = (b - a) / 34
        for i in range(34):
            x0, x1 = a + i * step, a + (i + 1) * step
            pen.line([(x0, deck + 8), (x1, deck + 54)] if i % 2 else [(x0, deck + 54), (x1, deck + 8)], 4.6)
            pen.line([(x0, deck + 8), (x0, deck + 54)], 3.4)
    p.draw("#8a8e88", lambda pen: [pen.box(x0, deck + 8, x0 + 62, deck + 120) for x0 in (a - 48, b - 14)])
    p.draw("#6a706d", lambda pen: [(pen.box(x0, deck + 58, x0 + 62, deck + 62), pen.box(x0, deck + 8, x0 + 62, deck + 22)) for x0 in (a - 48, b - 14)])
    p.draw("#39484f", beam)
    p.draw("#7c8f95", lambda pen: (pen.box(a - 40, deck, b + 40, deck + 3.5), pen.box(a, deck + 50, b, deck + 52)))
    people = {}
    coats = ["#c8473a", "#e3a93b", "#2f6f86", "#7d4f79", "#3f7d58", "#d97746", "#e8e0cc", "#35507e", "#a84258"]
    crowd = [(268, 82, 0, 1, 1), (318, 78, 2, 1, 0), (420, 84, 1, 1, 1), (452, 54, 4, 1, 0), (560, 80, 6, 1, 0), (650, 84, 3, -1, 1), (700, 80, 0, -1, 0), (806, 86, 7, 1, 1),
             (850, 79, 5, 1, 0), (950, 82, 4, -1, 1), (1004, 50, 1, -1, 0), (1034, 84, 8, -1, 0), (1140, 80, 2, 1, 1), (1190, 84, 6, 1, 0), (1290, 82, 3, -1, 1), (1330, 78, 5, -1, 0)]
    for cx, h, coat, way, bag in crowd:
        walker(people, cx, deck + 2, h, coats[coat], way, bool(bag), p.rng.uniform(0.25, 0.8))
    for colour, shapes in people.items():
        p.draw(colour, lambda pen: [pen.poly(shape) for shape in shapes])
    p.draw("#b23a34", lambda pen: (pen.poly(bow((742, 446), (780, 404), (818, 446), 20)), ))
    p.draw("#39484f", lambda pen: pen.line([(780, 424), (788, 500)], 2.4))
    # The railing in front of them
    p.draw("#39484f", lambda pen: ([pen.box(x0 - 1.3, deck - 40, x0 + 1.3, deck + 4) for x0 in np.arange(a - 38, b + 42, 17.8)], pen.box(a - 40, deck - 43, b + 40, deck - 39)))
    p.draw("#93a4a8", lambda pen: pen.box(a - 40, deck - 43.5, b + 40, deck - 41.5))
    # The piers of the old bridge
    p.draw("#7d7c72", lambda pen: [(pen.poly([(c - 34, line + 2), (c - 28, h), (c - 12, h - 12), (c + 4, h + 4), (c + 20, h - 8), (c + 28, h + 2), (c + 36, line + 2)])) for c, h in ((560, 700), (1010, 690))])
    p.draw("#565c59", lambda pen: [(pen.poly([(c + 4, line + 2), (c + 4, h + 4), (c + 20, h - 8), (c + 28, h + 2), (c + 36, line + 2)])) for c, h in ((560, 700), (1010, 690))], 0.7)
    keep = p.mask(lambda pen: (pen.poly([(0, 700), (322, 730), (420, 850), (440, 1067), (0, 1067)]), pen.poly([(1600, 700), (1280, 730), (1180, 850), (1160, 1067), (1600, 1067)])))
    p.water(line, "#1f6b58", "#7fb08f", (0.72, 0.22), ripple=1.25, glint=0.04)
    n = p.noise(260, 26, 4)
    wet = smooth(line + 2, line + 60, p.yy)
    p.paint(wet * smooth(0.2, 0.75, n), "#a9d6b4", 0.32)
    p.draw("#effaf0", lambda pen: [pen.oval(c + p.rng.normal(0, 20) + t * p.rng.uniform(-40, 40), line + 4 + t * 60, 12 + 34 * t, 1.6 + 2.4 * t, value=int(255 * (1 - t))) for c in (560, 1010) for t in p.rng.uniform(0, 1, 46)], 0.6, 1)
    # Near banks: boulders and bushes
    for side in (-1, 1):
        at = lambda t: 800 + side * (800 - t)
        stones = [(at(p.rng.uniform(-20, 330) * (1 - q * 0.0)), 900 + q * 190, 24 + 46 * q * p.rng.uniform(0.5, 1.2)) for q in np.sort(p.rng.uniform(0, 1, 44))]
        stones = [(sx, sy, r) for sx, sy, r in stones if abs(sx - 800) > 560 - (sy - 900) * 0.55]
        for j, (sx, sy, r) in enumerate(stones):
            shade = p.rng.uniform(0, 0.5)
            outline = [(sx - r * 1.2, sy + r * 0.5), (sx - r * 0.9, sy - r * 0.35), (sx - r * 0.2, sy - r * 0.72), (sx + r * 0.6, sy - r * 0.5), (sx + r * 1.15, sy + r * 0.1), (sx + r * 1.2, sy + r * 0.55)]
            p.draw(mix("#7d8279", "#3d4a49", shade), lambda pen: pen.poly(outline))
            p.draw(mix("#b5b6a6", "#66726c", shade), lambda pen: pen.poly([outline[1], outline[2], outline[3], (sx + r * 0.1, sy - r * 0.3)]))
    p.draw("#2a5242", lambda pen: [pen.bow((gx, 1075), (gx + p.rng.normal(0, 8), 1040), (gx + p.rng.normal(0, 26), 1067 - p.rng.uniform(20, 110)), 3, steps=10) for gx in np.concatenate([p.rng.uniform(-10, 250, 130), p.rng.uniform(1350, 1610, 130)])])
    p.draw("#3a5560", lambda pen: gulls(pen, np.random.default_rng(3), 6, 820, 140, 1250, 330, 12), 0.6)
    return p.finish(vignette=0.14)


# The silo and the pool ------------------------------------------------------------------------------------

def silo(name):
    p = Layer(1600, 1067, name)
    p.fill(p.down((0, "#232a55"), (260, "#4a4680"), (470, "#a1688e"), (620, "#ec9a7c"), (730, "#ffcf9a")))
    clouds(p, "#f09a86", 300, 690, 0.6, 900, 60)
    clouds(p, "#2e3263", 40, 420, 0.55, 1100, 90)
    stars(p, 70, 260, share=0.6)
    line = 790
    p.paint(p.below(p.ridge(706, 20, 340)), "#8d6288")
    p.draw("#5d4672", lambda pen: [leafy(pen, p.rng, x, line, p.rng.uniform(70, 130), p.rng.uniform(90, 150)) for x in (20, 110, 190, 790, 1480, 1570)])
    p.draw("#5d4672", lambda pen: [(pen.box(x, line - h, x + w, line), pen.poly([(x - 6, line - h), (x + w / 2, line - h - 36), (x + w + 6, line - h)])) for x, w, h in ((-20, 120, 70), (660, 100, 62))])

    # The hall
    left, right, top, base = 700, 1500, 470, 790
    p.draw("#1d2144", lambda pen: pen.poly([(left - 36, top - 4), (right + 46, top - 58), (right + 46, top - 30), (left - 36, top + 26)]))
    glass = p.mask(lambda pen: pen.poly([(left, top + 22), (right, top - 32), (right, base), (left, base)]))
    p.paint(glass, p.down((430, "#f7b765"), (600, "#ffdf9c"), (690, "#ffe9b8"), (base, "#f4cf8c")))
    # In it: the far wall, lamps, the water, people
    p.paint(glass * p.mask(lambda pen: pen.box(left, 640, right, 700)), "#e9b87a", 0.8)
    p.paint(glass * p.mask(lambda pen: [pen.box(x, 450, x + 7, 700) for x in range(740, 1500, 108)]), "#d79a5c", 0.7)
    p.paint(glass * p.mask(lambda pen: [pen.poly([(x, 500), (x + 190, 486), (x + 190, 494), (x, 508)]) for x in range(700, 1500, 210)]), "#c98a50", 0.6)
    for x in range(770, 1500, 108):
        p.paint(glass * p.mask(lambda pen: pen.oval(x + 24, 545 - (x - 770) * 0.03, 13, 8)), "#fffbe8")
        p.lamp(x + 24, 546, 60, "#fff2cc", 0.4)
    pool = p.mask(lambda pen: pen.poly([(left, 712), (right, 712), (right, base), (left, base)]))
    p.paint(glass * pool, p.down((712, "#7fe0d4"), (base, "#1f9fae")))
    ripples = p.noise(90, 10, 3)
    p.paint(glass * pool * smooth(0.1, 0.6, ripples), "#d8fff2", 0.7)
    p.paint(glass * p.mask(lambda pen: [pen.poly([(x, 714), (x + 4, 714), (x + 8 + (x - 1100) * 0.06, base), (x - 4 + (x - 1100) * 0.06, base)]) for x in range(760, 1500, 120)]), "#e2564a", 0.5)
    for x, y, hat in ((866, 744, "#d8483c"), (1096, 764, "#2b3f7a"), (1316, 738, "#e9a13a")):
        p.draw("#fff6e0", lambda pen: pen.oval(x - 24, y + 8, 46, 3.2), 0.85, 1)
        p.draw("#b5765a", lambda pen: (pen.oval(x - 26, y + 5, 22, 4), pen.bow((x - 10, y + 5), (x + 2, y - 20), (x + 25, y + 5), 5)))
        p.draw(hat, lambda pen: pen.oval(x + 3, y + 1, 7.5, 7))
    figures = {}
    for x, h in ((985, 84), (1020, 60), (1420, 82)):
        walker(figures, x, 714, h, "#5a4a5c", 1, False, 0.4)
    for shapes in figures.values():
        p.draw("#4a3a50", lambda pen: [pen.poly(shape) for shape in shapes], 0.9)
    p.draw("#3a3a55", lambda pen: (pen.box(1220, 640, 1226, 716), pen.box(1244, 640, 1250, 716), pen.box(1200, 636, 1290, 643), [pen.box(1220, y, 1250, y + 3) for y in range(656, 716, 14)]))
    frame = lambda pen: ([pen.box(x - 3.5, top - 60, x + 3.5, base) for x in np.linspace(left, right, 13)], pen.line([(left, 600), (right, 588)], 5), pen.box(left, base - 8, right, base))
    p.paint(p.mask(frame) * p.mask(lambda pen: pen.poly([(left - 5, top + 20), (right + 5, top - 34), (right + 5, base), (left - 5, base)])), "#23274a")
    p.paint(glass * p.mask(lambda pen: [pen.poly([(x, base), (x + 130, 430), (x + 190, 430), (x + 60, base)]) for x in (790, 1230)]), "#ffffff", 0.09)
    p.draw("#2b2f57", lambda pen: pen.poly([(right, top - 32), (right + 30, top - 30), (right + 30, base), (right, base)]))
    p.draw("#3c4070", lambda pen: pen.line([(left - 36, top - 4), (right + 46, top - 58)], 4))

    # The silo
    s0, s1, head = 330, 590, 236
    tower = p.mask(lambda pen: pen.box(s0, head, s1, base))
    p.paint(tower, p.across((s0, "#c58f92"), (s0 + 34, "#b9b4bd"), (s0 + 110, "#8e93a5"), (s0 + 200, "#5a607f"), (s1, "#474a70")))
    cap = p.mask(lambda pen: pen.poly([(s0 - 8, head), (s0 + 88, head - 74), (s1 - 88, head - 74), (s1 + 8, head)]))
    p.paint(cap, p.across((s0, "#d39c94"), (s0 + 90, "#a7a6b4"), (s1, "#4c5075")))
    p.paint(tower * p.mask(lambda pen: [pen.box(s0, y, s1, y + 2.4) for y in range(head + 6, base, 22)]), "#3a3e60", 0.35)
    p.paint(tower * p.mask(lambda pen: [pen.box(s0, y + 2.4, s1, y + 4.6) for y in range(head + 6, base, 22)]), "#ffffff", 0.16)
    p.paint(tower * p.mask(lambda pen: [pen.box(s0 + 130 + 124 * np.sin(a), head, s0 + 132 + 124 * np.sin(a), base) for a in np.linspace(-1.3, 1.3, 9)]), "#33375a", 0.3)
    p.paint(tower * smooth(s1 - 60, s1, p.xx) * smooth(470, 700, p.yy), "#ffb870", 0.45)
    p.draw("#2b2f52", lambda pen: (
        pen.box(s0 + 60, head - 4, s0 + 63, base), pen.box(s0 + 82, head - 4, s0 + 85, base), [pen.box(s0 + 60, y, s0 + 85, y + 2.2) for y in range(head, base, 13)],
        pen.box(s0 + 108, head - 104, s0 + 152, head - 72), pen.box(s0 + 100, head - 110, s0 + 160, head - 102)))
    p.draw("#343861", lambda pen: ([pen.line([(s0 + 30 + i * 22, head - 26 - i * 15), (s0 + 30 + i * 22, head - 62 - i * 15)], 2.6) for i in range(4)], pen.line([(s0 + 8, head - 44), (s0 + 96, head - 106)], 2.6)))
    # Pipes from one to the other, in a thick coat
    for dy in (0, 34):
        p.draw("#8a8aa2", lambda pen: pen.line([(s1 - 10, 640 + dy), (660, 640 + dy), (701, 640 + dy)], 20))
        p.draw("#d5c3bd", lambda pen: pen.line([(s1 - 6, 635 + dy), (700, 635 + dy)], 4), 0.7)
        p.draw("#4a4c70", lambda pen: [pen.box(x, 629 + dy, x + 5, 651 + dy) for x in (602, 645, 692)])
    p.draw("#30345a", lambda pen: [pen.box(x, 684, x + 7, base) for x in (624, 668)])
    p.draw("#ff5a4a", lambda pen: pen.oval(s0 + 130, head - 118, 4))
    p.lamp(s0 + 130, head - 118, 24, "#ff5a4a", 0.75)
    # Warm air above it
    p.draw("#ffffff", lambda pen: [pen.oval(s0 + 130 + t * t * 0.05 + p.rng.normal(0, 1 + t * 0.1), head - 124 - t * 3.4, 3 + t * 0.6, 3 + t * 0.4, value=int(120 * (1 - t / 40))) for t in range(40)], 0.3, 6)
    # The forecourt, wet from the rain
    p.paint(smooth(line - 1, line, p.yy), p.down((line, "#4a4163"), (1067, "#1d1d3c")))
    p.draw("#30345a", lambda pen: [(pen.box(x - 2.5, 690, x + 2.5, line), pen.box(x - 14, 686, x + 14, 692, round=2)) for x in (230, 1560)])
    for x in (230, 1560):
        p.lamp(x, 694, 90, "#ffd99a", 0.8)
    outside = {}
    for x, h, coat, way in ((600, 92, "#b5483f", 1), (640, 62, "#e0a63c", 1), (205, 90, "#3a5f80", 1)):
        walker(outside, x, line + 3, h, coat, way, True, 0.6)
    for colour, shapes in outside.items():
        p.draw(mix(colour, "#2a2448", 0.35), lambda pen: [pen.poly(shape) for shape in shapes])
    p.water(line, "#1c1c3a", "#5a4a6a", (0.75, 0.3), ripple=0.55, size=0.9, squeeze=0.85, glint=0.012)
    joints = p.mask(lambda pen: ([pen.line([(800 + (x - 800) * 0.9, line), (800 + (x - 800) * 3, 1067)], 1.6) for x in range(-400, 2100, 110)], [pen.line([(0, line + d), (1600, line + d)], 1.4) for d in (18, 48, 94, 160)]))
    p.paint(joints, "#14142e", 0.3)
    return p.finish(vignette=0.2)


# The ditches ----------------------------------------------------------------------------------------------

def ditches(name):
    p = Layer(1600, 1067, name)
    p.fill(p.down((0, "#9db9c6"), (220, "#c3d3d3"), (400, "#ece6d2"), (450, "#f6ead0")))
    clouds(p, "#ffffff", -60, 300, 0.85, 900, 140, 0.0, 0.7)
    clouds(p, "#8fa6b3", -80, 260, 0.4, 700, 110, 0.2, 0.8)
    clouds(p, "#fff7e4", 260, 450, 0.7, 900, 50)
    p.lamp(1120, 400, 520, "#fff1c9", 0.65)
    line = 452
    p.paint(p.below(p.ridge(412, 22, 420)), p.down((380, "#a9bcb6"), (460, "#cfd2bb")))
    p.paint(p.below(p.ridge(434, 10, 300)), "#93ab95")
    p.draw("#7f9b84", lambda pen: [leafy(pen, p.rng, x, line, p.rng.uniform(24, 60), p.rng.uniform(28, 62), 14) for x in p.rng.uniform(0, 1600, 60)], 0.9)
    p.draw("#6f8d74", lambda pen: [poplar(pen, p.rng, x, line + 2, p.rng.uniform(90, 140)) for x in (150, 176, 205, 232, 262, 1330, 1362, 1395)])
    # The farm
    p.draw("#b98a6d", lambda pen: (pen.box(420, 414, 500, 454), pen.box(512, 402, 610, 454)))
    p.draw("#7f4f42", lambda pen: (pen.poly([(414, 416), (434, 392), (488, 392), (506, 416)]), pen.poly([(504, 404), (530, 370), (594, 370), (618, 404)]), pen.box(556, 358, 566, 374)))
    p.draw("#5a4a45", lambda pen: ([pen.box(x, 424, x + 8, 436) for x in (432, 452, 476, 528, 588)], pen.box(550, 420, 572, 454)))
    p.draw("#f0e3c8", lambda pen: pen.box(512, 402, 530, 454), 0.4)
    p.mist(390, 440, 480, "#f3ecd6", 0.5)

    # The fields, in perspective: strips of green, and furrows with water between them
    sky = p.a.copy()
    deep = np.maximum(p.yy - line, 0.6)
    z = 560 / deep
    u = (p.xx - 830) / deep * 1.0
    bend = 0.10 * np.sin(z * 0.55 + 0.4) + 0.03 * np.sin(z * 1.9)
    v = (u + bend) * 1.55
    wobble = p.noise(140, 70, 4) * np.clip(deep / 260, 0.03, 0.30) * 0.42
    phase = np.abs(((v + wobble * 0.5) % 1) - 0.5) * 2  # 0 in the middle of a furrow
    soft = np.hypot(3.1 / deep, 3.1 * (p.xx - 830) / deep**2) * 0.8
    far = smooth(0.25, 0.9, soft)  # where furrows are too narrow to be seen one by one
    soft = np.clip(soft, 0.012, 0.5)
    width = 0.47 + 0.10 * np.sin(np.floor(v) * 2.3)
    water = (1 - smooth(width - soft, width + soft, phase)) * (1 - far) + 0.45 * far
    land = smooth(line - 1, line + 1, p.yy)
    grass = p.down((line, "#a5b583"), (560, "#7fa05c"), (760, "#578343"), (1067, "#3a6638"))
    p.paint(land, grass)
    p.paint(land * smooth(0.05, 0.6, p.noise(300, 50, 5, 0.6)), "#a9c06a", 0.4)
    p.paint(land * smooth(0.1, 0.65, p.noise(220, 40, 5, 0.6)), "#35602f", 0.32)
    # Rows that grow on the strips
    rows = 0.5 + 0.5 * np.cos(phase * np.pi * 5)
    p.paint(land * smooth(0.3, 0.9, rows) * smooth(30, 150, deep) * (1 - water), "#2f5a2f", 0.34)
    mud = (1 - smooth(width + 0.06 - soft, width + 0.2 + soft, phase)) * (1 - water) * land * (1 - far)
    p.paint(mud, p.down((line, "#b0a27c"), (700, "#77674a"), (1067, "#4f4634")), 0.9)
    found, _, n, _ = p.mirrored(sky, np.ones((p.h, p.w), np.float32), line, 0.5, 1.2, 1.35)
    wet = np.clip(mix(found, "#dfe6e0", 0.12) * (1 - 0.28 * smooth(200, 620, deep))[..., None] + (n * 0.01)[..., None], 0, 1)
    p.paint(water * land, wet, 0.97)
    edge = (1 - smooth(0, 0.022 + soft, np.abs(phase - width + 0.012))) * land
    p.paint(edge * smooth(20, 90, deep), "#3f3a2a", 0.45)
    p.lamp(1120, 470, 260, "#fff3cf", 0.4, flat=3)

    def blades(pen, low, high, count):
        for _ in range(count):
            d = p.rng.uniform(0, 1) ** 0.6 * 590 + 20
            gx, gy = p.rng.uniform(0, 1599), line + d
            if phase[int(min(gy, 1066)), int(gx)] > width[int(min(gy, 1066)), int(gx)] + 0.08:
                s = d / 590
                pen.line([(gx, gy), (gx + p.rng.normal(0, 5) * s, gy - p.rng.uniform(low, high) * s)], 0.9 + 1.5 * s)
    p.draw("#2f5a30", lambda pen: blades(pen, 14, 40, 1300), 0.75)
    p.draw("#a9c46c", lambda pen: blades(pen, 10, 34, 800), 0.65)
    # Lapwings
    p.draw("#3f4c50", lambda pen: gulls(pen, np.random.default_rng(21), 13, 520, 130, 1050, 330, 12), 0.8)
    return p.finish(vignette=0.15)


# The hall -------------------------------------------------------------------------------------------------

def hall(name):
    p = Layer(1600, 1067, name)
    p.fill(p.down((0, "#3a2a2c"), (300, "#5a3f36"), (640, "#7a5642"), (1067, "#3c2a2c")))
    # Outside: the harbour at night
    left, right, top, sill = 180, 1420, 150, 540
    view = p.mask(lambda pen: pen.box(left, top, right, sill))
    p.paint(view, p.down((top, "#070d22"), (400, "#1b2c57"), (sill, "#2b3f6c")))
    p.glow(p.mask(lambda pen: [pen.oval(p.rng.uniform(left, right), p.rng.uniform(top, 400), p.rng.uniform(0.7, 1.6)) for _ in range(110)]) * view, "#ffffff", 0.8)
    p.paint(p.below(p.ridge(452, 26, 330)) * view, "#14214a")
    p.paint(p.mask(lambda pen: (quay_crane(pen, 470, 500, 0.72), quay_crane(pen, 300, 500, 1.0))) * view, "#0c1431")
    for x, y in ((316, 312), (599, 344), (487, 309), (676, 389)):
        p.lamp(x, y, 14, "#ff4b3a", 0.9)
    blocks = [(x, p.rng.uniform(26, 52), p.rng.uniform(24, 84)) for x in range(800, 1420, 40)]
    p.paint(p.mask(lambda pen: [pen.box(x, 500 - h, x + w, 500) for x, w, h in blocks]) * view, "#0e1736")
    p.paint(p.mask(lambda pen: pen.box(left, 500, right, sill)) * view, "#0a1230")
    lit = p.mask(lambda pen: [pen.box(x + dx, 500 - h + dy, x + dx + 3.4, 500 - h + dy + 4.4) for x, w, h in blocks for dx in np.arange(5, w - 5, 9) for dy in np.arange(7, h - 6, 12) if p.rng.uniform() < 0.4])
    p.glow(lit * view, "#ffcf7d", 0.95)
    p.glow(p.mask(lambda pen: [pen.oval(p.rng.uniform(810, 1410), p.rng.uniform(506, sill - 3), p.rng.uniform(4, 15), 1.1) for _ in range(90)], 0.6) * view, "#ffcf7d", 0.45)
    # Windows
    p.draw("#2b1d20", lambda pen: ([pen.box(x - 7, top - 10, x + 7, sill + 8) for x in np.linspace(left, right, 7)], pen.box(left - 14, top - 16, right + 14, top), pen.box(left, 268, right, 275)))
    p.draw("#8a6248", lambda pen: pen.box(left - 30, sill, right + 30, sill + 15))
    p.draw("#4a3230", lambda pen: pen.box(left - 30, sill + 15, right + 30, sill + 21))
    p.paint(view * p.mask(lambda pen: [pen.poly([(x, sill), (x + 100, top), (x + 150, top), (x + 50, sill)]) for x in (420, 1040)]), "#ffffff", 0.06)
    # Curtains and panels
    for x0, x1 in ((60, 178), (1422, 1540)):
        cloth = p.mask(lambda pen: pen.box(x0, 120, x1, 600))
        p.paint(cloth, "#7b2f35")
        p.paint(cloth * (0.5 + 0.5 * np.sin(p.xx * 0.27)), "#4a1c26", 0.65)
    p.draw("#2b1d20", lambda pen: pen.box(40, 108, 1560, 122, round=6))
    p.draw("#4a3230", lambda pen: ([pen.box(x, 600, x + 3, 690) for x in range(0, 1600, 100)], pen.box(0, 598, 1600, 603)), 0.7)
    # Lamps that hang from the ceiling
    for x in (400, 800, 1200):
        p.draw("#241819", lambda pen: pen.line([(x, 0), (x, 70)], 3))
        p.draw("#241819", lambda pen: pen.poly([(x - 16, 66), (x + 16, 66), (x + 56, 104), (x - 56, 104)]))
        p.draw("#fff0c9", lambda pen: pen.oval(x, 105, 42, 8))
        p.lamp(x, 112, 200, "#ffce85", 0.42)
        cone = p.mask(lambda pen: pen.poly([(x - 46, 108), (x + 46, 108), (x + 330, 900), (x - 330, 900)]), 16)
        p.glow(cone * (1 - smooth(108, 880, p.yy)) * (1 - 0.75 * view), "#ffcf8a", 0.16)

    # Somebody sleeps, somebody reads on
    def sitter(x, base, s, coat, hair, asleep=False):
        if asleep:
            p.draw(coat, lambda pen: (pen.oval(x, base - 6 * s, 62 * s, 34 * s), pen.bow((x - 58 * s, base), (x, base - 34 * s), (x + 62 * s, base + 4 * s), 26 * s)))
            p.draw("#c58f70", lambda pen: pen.oval(x + 12 * s, base - 32 * s, 19 * s, 17 * s))
            p.draw(hair, lambda pen: pen.oval(x + 4 * s, base - 38 * s, 21 * s, 16 * s))
            return
        p.draw(coat, lambda pen: pen.poly([(x - 46 * s, base + 10 * s), (x - 40 * s, base - 52 * s), (x - 14 * s, base - 70 * s), (x + 14 * s, base - 70 * s), (x + 40 * s, base - 52 * s), (x + 46 * s, base + 10 * s)]))
        p.draw("#c58f70", lambda pen: (pen.oval(x, base - 94 * s, 20 * s, 23 * s), pen.box(x - 8 * s, base - 80 * s, x + 8 * s, base - 64 * s)))
        p.draw(hair, lambda pen: (pen.oval(x, base - 105 * s, 22 * s, 15 * s), pen.oval(x - 16 * s, base - 97 * s, 7 * s, 13 * s), pen.oval(x + 16 * s, base - 97 * s, 7 * s, 13 * s)))
        p.draw(mix(coat, "#ffffff", 0.25), lambda pen: pen.poly([(x - 12 * s, base - 68 * s), (x, base - 44 * s), (x + 12 * s, base - 68 * s)]))

    def chair(pen, x, base, s):
        pen.box(x - 40 * s, base - 78 * s, x + 40 * s, base + 10 * s, round=14 * s)

    def paper(pen, x, y, s, turn):
        c, d = np.cos(turn), np.sin(turn)
        pen.poly([(x + (u * c - v * d) * s, y + (u * d + v * c) * s * 0.34) for u, v in ((-25, -32), (25, -32), (25, 32), (-25, 32))])

    # Three rows of desks, each nearer and larger
    rows = [(650, 0.72, [(300, "chair"), (520, "#3d4f6b"), (740, "chair"), (960, "chair"), (1180, "#6b4a3d"), (1380, "chair")]),
            (766, 1.0, [(180, "chair"), (470, "chair"), (770, "asleep"), (1080, "chair"), (1390, "#44604f")]),
            (916, 1.42, [(90, "chair"), (520, "chair"), (980, "chair"), (1420, "chair")])]
    for y, s, seats in rows:
        for x, who in seats:
            if who in ("chair", "asleep"):
                p.draw("#2c1e24", lambda pen: chair(pen, x, y - 4, s))
                p.draw("#4b343a", lambda pen: pen.box(x - 34 * s, y - 76 * s, x + 34 * s, y - 66 * s, round=5 * s), 0.8)
            elif who != "asleep":
                sitter(x, y, s, who, "#2b2024" if x % 3 else "#8a8480")
        depth, front = 46 * s, 74 * s
        inset = 70 * (1.42 - s)
        p.draw("#a8754a", lambda pen: pen.poly([(inset + 24, y), (1576 - inset, y), (1600 - inset * 0.7, y + depth), (inset * 0.7, y + depth)]))
        p.draw("#c9935f", lambda pen: pen.box(inset * 0.7, y + depth - 2, 1600 - inset * 0.7, y + depth + 6 * s))
        p.draw("#63422f", lambda pen: pen.box(inset * 0.7, y + depth + 6 * s, 1600 - inset * 0.7, y + depth + front))
        p.draw("#4a3027", lambda pen: [pen.box(x, y + depth + 6 * s, x + 3, y + depth + front) for x in np.arange(inset, 1600, 156 * s)], 0.7)
        for x, who in seats:
            p.lamp(x, y + depth * 0.5, 120 * s, "#ffd79a", 0.16, flat=3)
            sheets = [(x + p.rng.uniform(-80, 80) * s, y + depth * p.rng.uniform(0.3, 0.72), p.rng.uniform(-0.7, 0.7)) for _ in range(5)]
            p.draw("#d9c9ae", lambda pen: [paper(pen, a + 3 * s, b + 2 * s, s, t) for a, b, t in sheets], 0.8)
            p.draw("#f6eedb", lambda pen: [paper(pen, a, b, s, t) for a, b, t in sheets])
            cup = x + p.rng.choice([-1, 1]) * p.rng.uniform(92, 112) * s
            p.draw("#efe7d8", lambda pen: (pen.oval(cup, y + depth * 0.62, 20 * s, 6 * s), pen.poly([(cup - 13 * s, y + depth * 0.1), (cup + 13 * s, y + depth * 0.1), (cup + 10 * s, y + depth * 0.6), (cup - 10 * s, y + depth * 0.6)])))
            p.draw("#5a3a2c", lambda pen: pen.oval(cup, y + depth * 0.12, 11.5 * s, 3.4 * s))
            p.draw("#efe7d8", lambda pen: pen.bow((cup + 12 * s, y + depth * 0.2), (cup + 24 * s, y + depth * 0.32), (cup + 11 * s, y + depth * 0.46), 3.2 * s))
            flag = x + 30 * s
            p.draw("#2b1d20", lambda pen: pen.box(flag - 34 * s, y + depth * 0.66, flag + 34 * s, y + depth * 1.0, round=3))
            p.draw("#d8b071", lambda pen: pen.box(flag - 24 * s, y + depth * 0.78, flag + 20 * s, y + depth * 0.88))
            if who == "asleep":
                sitter(x, y + depth * 0.42, s, "#56455f", "#3a2a22", True)
            for side in (-1,):
                mic = x - 52 * s
                p.draw("#241819", lambda pen: (pen.bow((mic, y + depth * 0.7), (mic - 4 * s, y - 12 * s), (mic + 16 * s, y - 22 * s), 2.6 * s), pen.oval(mic + 18 * s, y - 23 * s, 5.5 * s)))
    return p.finish(vignette=0.3)


ALL = {
    "harbour-cities-signing": harbour,
    "harbour-night-session": hall,
    "harbour-noon": lambda name: harbour(name, "noon"),
    "harbour-night": lambda name: harbour(name, "night"),
    "gull-head-lighthouse": lighthouse,
    "neuwarden-kran": kran,
    "marrow-line-train": train,
    "san-aldo-volcano": volcano,
    "carrow-houseboats": houseboats,
    "brenn-footbridge": footbridge,
    "sand-silo-pool": silo,
    "marrow-valley-ditches": ditches,
}
