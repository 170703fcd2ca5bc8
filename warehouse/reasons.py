"""Every reason for which a row can be set aside: its code, and its words in both languages.

The English words are what is stored and what the commands show; they are made from the templates
here and read back with them, so a reason always has its code, its parameters and its Chinese
words. `value` is what was delivered and `near` the nearest right name, both quoted; only values of
columns that are not personal are ever named.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from warehouse.model import Label

OTHER = "other"
"""Code of words no template fits, as of another version; they stand for themselves."""

REASONS: Mapping[str, Label] = {
    "empty": Label(zh="必填项为空", en="is empty but required"),
    "too_wide": Label(zh="字段多于 {most} 个", en="has more than {most} fields"),
    "too_long": Label(zh="超过 {most} 个字符", en="is longer than {most} characters"),
    "control": Label(zh="含有控制字符", en="holds control characters"),
    "no_number": Label(zh="不是数字", en="is no number"),
    "no_whole": Label(zh="不是整数", en="is no whole number"),
    "negative": Label(zh="是负数", en="is negative"),
    "too_large": Label(zh="数值过大", en="is too large"),
    "no_flag": Label(zh="既不是“是”也不是“否”", en="is neither yes nor no"),
    "no_identity": Label(zh="所有标识列都为空", en="is empty in every identity column"),
    "not_mapped_near": Label(
        zh="值“{value}”没有对应关系，最接近的是“{near}”",
        en="{value} is not mapped. Did you mean {near}?",
    ),
    "not_mapped": Label(zh="值“{value}”没有对应关系", en="{value} is not mapped."),
    "not_mapped_more": Label(zh="更多的值没有对应关系", en="is not mapped"),
    "not_known_near": Label(
        zh="值“{value}”不在词表中，最接近的是“{near}”",
        en="{value} is not in the vocabulary. Did you mean {near}?",
    ),
    "not_known": Label(zh="值“{value}”不在词表中", en="{value} is not in the vocabulary."),
    "not_known_more": Label(zh="更多的值不在词表中", en="is not in the vocabulary"),
    "time_unreadable": Label(zh="不符合声明的时间格式", en="is no time in the declared format"),
    "time_skipped": Label(
        zh="这一时刻在其时区不存在：时钟拨快时被跳过",
        en="does not exist in its time zone: clocks were put forward over it",
    ),
    "time_outside": Label(
        zh="不在 {first} 年至 {last} 年之间", en="lies outside the years {first} to {last}"
    ),
    "time_ahead": Label(zh="比现在晚一天以上", en="lies more than one day in the future"),
    "destroyed": Label(
        zh="所属月份的数据已销毁", en="belongs to a month that was destroyed for good"
    ),
    "too_old": Label(zh="早于该数据集的保留期限", en="is older than its dataset is kept"),
    "fewer_fields": Label(zh="字段比表头少", en="has fewer fields than the header"),
    "more_fields": Label(zh="字段比表头多", en="has more fields than the header"),
    "quote_open": Label(zh="引号没有闭合", en="opens a quote that is not closed"),
    "quote_place": Label(zh="引号的位置不对", en="has a quote in the wrong place"),
    "no_json": Label(zh="不是 JSON", en="is no JSON"),
    "no_object": Label(zh="不是 JSON 对象", en="is no JSON object"),
    "encoding": Label(zh="含有不属于 {encoding} 的字节", en="holds bytes that are no {encoding}"),
}
"""Code -> words. Where two templates fit, the earlier one counts."""

_QUOTED = ("value", "near")


@dataclass(frozen=True, kw_only=True)
class Worded:
    """A stored reason taken apart."""

    code: str
    label: Label
    parameters: Mapping[str, str] = field(default_factory=dict)


def words(code: str, **parameters: object) -> str:
    """The reason as it is stored."""
    return REASONS[code].en.format(**parameters)


def read(text: str) -> Worded:
    """The code, parameters and words of a stored reason."""
    for code, pattern in _patterns().items():
        found = pattern.fullmatch(text)
        if found is not None:
            shown = {name: _bare(name, value) for name, value in found.groupdict().items()}
            zh = REASONS[code].zh.format(**shown)
            return Worded(code=code, label=Label(zh=zh, en=text), parameters=shown)
    return Worded(code=OTHER, label=Label(zh=text, en=text))


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    def pattern(template: str) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(template)), re.DOTALL)

    return {code: pattern(label.en) for code, label in REASONS.items()}


def _bare(name: str, value: str) -> str:
    return value[1:-1] if name in _QUOTED else value
