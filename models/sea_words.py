"""How sea state and weather are told, in Chinese and English; words as in the glossary."""

from typing import Any

NAMES = {
    "wind": ("大风", "wind"), "fog": ("大雾", "fog"), "wave": ("海浪", "waves"), "surge": ("风暴潮", "surge"), "typhoon": ("台风", "typhoon"),
    "thunderstorm": ("雷暴", "thunderstorm"), "tsunami": ("海啸", "tsunami"),
}  # fmt: skip
COLOUR_ZH = {"blue": "蓝色", "yellow": "黄色", "orange": "橙色", "red": "红色"}


def words(hazard: str, level: str, values: dict[str, Any]) -> tuple[str, str]:
    """What is told, in Chinese and English."""
    name_zh, name_en = NAMES.get(hazard, ("", ""))
    if values.get("source") == "bulletin":
        issuer, colour = values.get("issuer", ""), COLOUR_ZH.get(level, "")
        return f"{issuer}{name_zh}{colour}预警", f"{name_en} warning {level}{f' by {issuer}' if issuer else ''}"
    told = {
        "wind": ("平均风力{force}级,阵风{gust}级", "mean wind force {force}, gusts {gust}"), "fog": ("能见度{visibility}米", "visibility {visibility} m"),
        "wave": ("有效波高{height}米", "waves of {height} m"), "surge": ("潮位{water}米,增水{surge}米", "water at {water} m, surge {surge} m"),
        "rip": ("浪高{height}米,离岸流危险", "waves of {height} m, rip currents likely"),
    }.get(hazard, (name_zh, name_en))  # fmt: skip
    known = {key: values.get(key, "–") for key in ("force", "gust", "visibility", "height", "water", "surge")}
    by_cameras = ("(摄像机估测)", " as cameras see it") if values.get("source") == "cameras" else ("", "")
    return told[0].format(**known) + by_cameras[0], told[1].format(**known) + by_cameras[1]
