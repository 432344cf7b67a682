"""The constituents of the tide: where each stands at a time, and how the 18.6-year turn of the moon's node changes it.

An astronomical constituent is a sum of whole multiples of five angles (Doodson numbers), a fixed phase and a nodal rule; a compound one, born in shallow
water, is a sum of others. Names and phases are those of TICON-4 and the IHO's list; the usual other names lead to the same constituent.
Sources: angles: Meeus, Astronomical Algorithms (1998), ch. 22, 25, 47. Numbers and nodal rules: IHO Tides Working Group, list of harmonic constituents (2006),
after Doodson and Schureman. Checked against three independent libraries: docs/real-data.md.
"""

from math import atan2, cos, degrees, hypot, radians, sin

J2000 = 946_728_000_000  # ms: 2000-01-01 12:00 UTC
DAY = 86_400_000  # ms
CENTURY = 36_525.0  # days

# name: (multiples of lunar time, moon s, sun h, lunar perigee p, solar perigee pp), phase in degrees, nodal rule ("": none)
ASTRONOMICAL: dict[str, tuple[tuple[int, int, int, int, int], int, str]] = {
    "SA": ((0, 0, 1, 0, 0), 0, ""), "SSA": ((0, 0, 2, 0, 0), 0, ""), "MSM": ((0, 1, -2, 1, 0), 0, "MM"), "MM": ((0, 1, 0, -1, 0), 0, "MM"),
    "MF": ((0, 2, 0, 0, 0), 0, "MF"), "MTM": ((0, 3, 0, -1, 0), 0, "MF"), "MSQM": ((0, 4, -2, 0, 0), 0, "MF"),
    "2Q1": ((1, -3, 0, 2, 0), 90, "O1"), "SIG1": ((1, -3, 2, 0, 0), 90, "O1"), "Q1": ((1, -2, 0, 1, 0), 90, "O1"),
    "RHO1": ((1, -2, 2, -1, 0), 90, "O1"), "O1": ((1, -1, 0, 0, 0), 90, "O1"), "M1": ((1, 0, 0, 1, 0), -90, "M1"), "CHI1": ((1, 0, 2, -1, 0), -90, "J1"),
    "PI1": ((1, 1, -3, 0, 1), 90, ""), "P1": ((1, 1, -2, 0, 0), 90, ""), "S1": ((1, 1, -1, 0, 0), 0, ""), "K1": ((1, 1, 0, 0, 0), -90, "K1"),
    "PSI1": ((1, 1, 1, 0, -1), -90, ""), "PHI1": ((1, 1, 2, 0, 0), -90, ""), "THE1": ((1, 2, -2, 1, 0), -90, "J1"), "J1": ((1, 2, 0, -1, 0), -90, "J1"),
    "OO1": ((1, 3, 0, 0, 0), -90, "OO1"), "3N2": ((2, -3, 0, 3, 0), 0, "M2"), "EPS2": ((2, -3, 2, 1, 0), 0, "M2"), "2N2": ((2, -2, 0, 2, 0), 0, "M2"),
    "MU2": ((2, -2, 2, 0, 0), 0, "M2"), "N2": ((2, -1, 0, 1, 0), 0, "M2"), "NU2": ((2, -1, 2, -1, 0), 0, "M2"), "MA2": ((2, 0, -1, 0, 0), 0, ""),
    "M2": ((2, 0, 0, 0, 0), 0, "M2"), "MB2": ((2, 0, 1, 0, 0), 0, ""), "LAMBDA2": ((2, 1, -2, 1, 0), 180, "M2"), "L2": ((2, 1, 0, -1, 0), 180, "L2"),
    "3L2": ((2, 1, 0, 0, 0), 0, "L2"), "T2": ((2, 2, -3, 0, 1), 0, ""), "S2": ((2, 2, -2, 0, 0), 0, ""), "R2": ((2, 2, -1, 0, -1), 180, ""),
    "K2": ((2, 2, 0, 0, 0), 0, "K2"), "ETA2": ((2, 3, 0, -1, 0), 0, "K2"), "M3": ((3, 0, 0, 0, 0), 180, "M3"), "T3": ((3, 3, -4, 0, 0), 0, ""),
    "S3": ((3, 3, -3, 0, 0), 180, ""),
}  # fmt: skip
COMPOUND: dict[str, dict[str, int]] = {
    "MSF": {"S2": 1, "M2": -1}, "2SM2": {"S2": 2, "M2": -1}, "MSN2": {"M2": 1, "S2": 1, "N2": -1}, "MKS2": {"M2": 1, "K2": 1, "S2": -1},
    "R3": {"S2": 1, "K1": 1}, "SK3": {"S2": 1, "K1": 1}, "SP3": {"S2": 1, "P1": 1}, "SO3": {"S2": 1, "O1": 1}, "MK3": {"M2": 1, "K1": 1},
    "2MK3": {"M2": 2, "K1": -1}, "MO3": {"M2": 1, "O1": 1}, "N4": {"N2": 2}, "MN4": {"M2": 1, "N2": 1}, "M4": {"M2": 2}, "SN4": {"S2": 1, "N2": 1},
    "MS4": {"M2": 1, "S2": 1}, "MK4": {"M2": 1, "K2": 1}, "S4": {"S2": 2}, "SK4": {"S2": 1, "K2": 1}, "2MO5": {"M2": 2, "O1": 1}, "2MK5": {"M2": 2, "K1": 1},
    "2MN6": {"M2": 2, "N2": 1}, "M6": {"M2": 3}, "MSN6": {"M2": 1, "S2": 1, "N2": 1}, "2MS6": {"M2": 2, "S2": 1}, "2MK6": {"M2": 2, "K2": 1},
    "2SM6": {"S2": 2, "M2": 1}, "MSK6": {"M2": 1, "S2": 1, "K2": 1}, "S6": {"S2": 3}, "3MK7": {"M2": 3, "K1": 1}, "M8": {"M2": 4}, "3MS8": {"M2": 3, "S2": 1},
    "2MS8": {"M2": 2, "S2": 2}, "M10": {"M2": 5},
}  # fmt: skip
OTHER_NAMES = {"SGM": "SIG1", "SIGMA1": "SIG1", "EP2": "EPS2", "EPSILON2": "EPS2", "LDA2": "LAMBDA2", "LAM2": "LAMBDA2", "RHO": "RHO1", "NO1": "M1",
               "MFM": "MTM", "THETA1": "THE1"}  # fmt: skip


def known(name: str) -> bool:
    """Whether a constituent of this name, in any case, can be predicted."""
    name = OTHER_NAMES.get(name.upper(), name.upper())
    return name in ASTRONOMICAL or name in COMPOUND


def constituent(name: str, at: int) -> tuple[float, float, float]:
    """(speed in degrees an hour, nodal factor, argument V + u in degrees) of a known constituent at `at` ms. Raises KeyError."""
    name = OTHER_NAMES.get(name.upper(), name.upper())
    parts = COMPOUND.get(name)
    if parts is None:
        return _astronomical(name, at)
    speed, factor, argument = 0.0, 1.0, 0.0
    for part, times in parts.items():
        one_speed, one_factor, one_argument = _astronomical(part, at)
        speed, factor, argument = speed + times * one_speed, factor * one_factor ** abs(times), argument + times * one_argument
    return speed, factor, argument % 360


def _astronomical(name: str, at: int) -> tuple[float, float, float]:
    numbers, phase, rule = ASTRONOMICAL[name]
    t = (at - J2000) / DAY / CENTURY
    s = (218.3164477 + 481_267.88123421 * t - 0.0015786 * t * t, 481_267.88123421)
    h = (280.46646 + 36_000.76983 * t + 0.0003032 * t * t, 36_000.76983)
    p = (83.3532465 + 4_069.0137287 * t - 0.01032 * t * t, 4_069.0137287)
    pp = (282.93735 + 1.71946 * t + 0.00046 * t * t, 1.71946)
    lunar = (at % DAY / DAY * 360 + 180 + h[0] - s[0], 360 * CENTURY + h[1] - s[1])
    angles = (lunar, s, h, p, pp)
    argument = phase + sum(number * angle[0] for number, angle in zip(numbers, angles, strict=True))
    speed = sum(number * angle[1] for number, angle in zip(numbers, angles, strict=True)) / CENTURY / 24
    node = 125.04452 - 1_934.136261 * t + 0.0020708 * t * t
    factor, turn = _nodal(rule, radians(node), radians(p[0]))
    return speed, factor, (argument + turn) % 360


def _nodal(rule: str, n: float, p: float) -> tuple[float, float]:
    """(factor, turn in degrees) for the longitude of the moon's node and of its perigee, in radians."""
    match rule:
        case "MM":
            return 1 - 0.1311 * cos(n) + 0.0538 * cos(2 * p) + 0.0205 * cos(2 * p - n), 0.0
        case "MF":
            return 1.084 + 0.415 * cos(n) + 0.039 * cos(2 * n), -23.7 * sin(n) + 2.7 * sin(2 * n) - 0.4 * sin(3 * n)
        case "O1":
            return 1.0176 + 0.1871 * cos(n) - 0.0147 * cos(2 * n), 10.80 * sin(n) - 1.34 * sin(2 * n) + 0.19 * sin(3 * n)
        case "K1":
            return 1.006 + 0.115 * cos(n) - 0.0088 * cos(2 * n) + 0.0006 * cos(3 * n), -8.86 * sin(n) + 0.68 * sin(2 * n) - 0.07 * sin(3 * n)
        case "J1":
            return 1.1029 + 0.1676 * cos(n) - 0.017 * cos(2 * n) + 0.0016 * cos(3 * n), -12.94 * sin(n) + 1.34 * sin(2 * n) - 0.19 * sin(3 * n)
        case "OO1":
            return 1.1027 + 0.6504 * cos(n) + 0.0317 * cos(2 * n) - 0.0014 * cos(3 * n), -36.68 * sin(n) + 4.02 * sin(2 * n) - 0.57 * sin(3 * n)
        case "M2":
            return 1.0007 - 0.0373 * cos(n) + 0.0002 * cos(2 * n), -2.14 * sin(n)
        case "M3":
            return (1.0007 - 0.0373 * cos(n) + 0.0002 * cos(2 * n)) ** 1.5, -3.21 * sin(n)
        case "K2":
            return 1.0246 + 0.2863 * cos(n) + 0.0083 * cos(2 * n) - 0.0015 * cos(3 * n), -17.74 * sin(n) + 0.68 * sin(2 * n) - 0.04 * sin(3 * n)
        case "L2":
            east = 1 - 0.2505 * cos(2 * p) - 0.1102 * cos(2 * p - n) - 0.0156 * cos(2 * p - 2 * n) - 0.037 * cos(n)
            north = -0.2505 * sin(2 * p) - 0.1102 * sin(2 * p - n) - 0.0156 * sin(2 * p - 2 * n) - 0.037 * sin(n)
            return hypot(east, north), degrees(atan2(north, east))
        case "M1":  # of the line that is largest in it (Doodson 155.655): the others turn about that
            east = 1 + 0.3593 * cos(2 * p) + 0.2 * cos(n) + 0.066 * cos(2 * p - n)
            north = -0.3593 * sin(2 * p) - 0.2 * sin(n) - 0.066 * sin(2 * p - n)
            return hypot(east, north), degrees(atan2(north, east))
        case _:
            return 1.0, 0.0
