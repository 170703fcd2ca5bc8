"""How a value that stands in an English sentence is said in Chinese."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from warehouse.model import Label
from warehouse.reasons import read as read_reason

SHAPES: Mapping[str, Label] = {
    "empty": Label(zh="空", en="empty"),
    "whole": Label(zh="整数", en="whole number"),
    "number": Label(zh="数值", en="number"),
    "flag": Label(zh="是否", en="flag"),
    "time": Label(zh="时间", en="time"),
    "text": Label(zh="文本", en="text"),
}
"""What the values of a delivered column look like."""
CHANGES: Mapping[str, Label] = {
    "new": Label(zh="新增列", en="New column"),
    "missing": Label(zh="缺少列", en="Column missing"),
    "renamed": Label(zh="列改名", en="Column renamed"),
    "retyped": Label(zh="类型改变", en="Type changed"),
}
"""How a column is not what it was."""

_QUOTES = "'\""
_MOST_NAMED = 3
_CAUSES = {
    "Compressed file ended before the end-of-stream marker was reached": "文件在中途结束",
    "Not a gzipped file": "不是 gzip 文件",
    "No such file or directory": "文件不存在",
    "Permission denied": "没有权限",
    "Connection refused": "连接被拒绝",
    "No route to host": "无法到达主机",
    "Name or service not known": "主机名无法解析",
    "timed out": "超时",
    "timeout expired": "超时",
}
_SPANS = ((86_400, "天"), (3_600, "小时"), (60, "分钟"))


def in_chinese(name: str, value: str, zone: ZoneInfo) -> str:
    """The value of the parameter `name`; what its name says nothing about stays as it is."""
    if name == "when":
        return _moment(value, zone)
    known = _BY_NAME.get(name)
    if known is not None:
        return known(value)
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES
    return value[1:-1] if is_quoted else value


def _moment(value: str, zone: ZoneInfo) -> str:
    at = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _span(value: str) -> str:
    """Seconds in the largest unit that divides them."""
    seconds = int(value.replace(",", ""))
    for size, unit in _SPANS:
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{value} 秒"


def _shape(value: str) -> str:
    return SHAPES[value].zh if value in SHAPES else value


def _changed(value: str) -> str:
    def said(found: re.Match[str]) -> str:
        return f"（{CHANGES[found[1]].zh}）"

    return re.sub(rf" \(({'|'.join(CHANGES)})\)", said, value).replace(", ", "、")


def _names(value: str) -> str:
    names = [f"“{name.strip(_QUOTES)}”" for name in value.split(", ")]
    more = f"等 {len(names)} 列" if len(names) > _MOST_NAMED else ""
    return "、".join(names[:_MOST_NAMED]) + more


def _why(value: str) -> str:
    """Words of the system or a library; those that occur again and again in Chinese."""
    return next((zh for en, zh in _CAUSES.items() if en in value), value)


def _hint(value: str) -> str:
    near = value.removeprefix(" Did you mean ").removesuffix("?").strip(_QUOTES)
    return f"，最接近的是“{near}”" if near else ""


def _broken(value: str) -> str:
    """`line 3: column is empty but required` of a row that is broken."""
    found = re.fullmatch(r"line (\d+): (?:(\w+) )?(.+)", value)
    if found is None:
        return value
    column = f" {found[2]} 列" if found[2] else ""
    return f"第 {found[1]} 行{column}{read_reason(found[3]).label.zh}"


_BY_NAME: Mapping[str, Callable[[str], str]] = {
    "span": _span,
    "shape_was": _shape,
    "shape_now": _shape,
    "changes": _changed,
    "names": _names,
    "items": lambda value: value.replace(", ", "、"),
    "why": _why,
    "hint": _hint,
    "broken": _broken,
    "reason": lambda value: read_reason(value).label.zh,
}
