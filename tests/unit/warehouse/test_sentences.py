"""Sentences of the pipeline: stored in English, read back and said in Chinese."""

import re
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from warehouse.sentences import SENTENCES, read, say

SHANGHAI = ZoneInfo("Asia/Shanghai")
_VALUES: dict[str, object] = {
    "n": 1234, "told": 6, "came": 5, "span": 7200, "status": 503, "when": "2026-11-23 16:30:00",
    "hint": " Did you mean 'amount'?", "names": "'a', 'b'", "changes": "amount (retyped)",
    "parts": say("totals_rows", told=6, came=5), "reason": "holds bytes that are no utf-8",
    "broken": "line 3: scene is empty but required", "shape_was": "number", "shape_now": "text",
}  # fmt: skip


def _said(code: str) -> str:
    fields = [name for _, name, _, _ in Formatter().parse(SENTENCES[code].en) if name]
    return say(code, **{name: _VALUES.get(name, "some/thing") for name in fields})


@pytest.mark.parametrize("code", SENTENCES)
def test_sentence_when_stored_then_read_back_in_chinese(code: str) -> None:
    for text in (_said(code), f"{_said(code)}.", f"hall: a.csv: {_said(code)}."):
        zh = read(text).zh
        words = re.sub(r"connector\.|some/thing|[a-z_]+_file|[a-z]+_[a-z_]+", "", zh)
        assert re.search(r"[\u4e00-\u9fff]", zh) and "{" not in words
        assert read(text).en == text
    assert read(f"a.csv: {_said(code)}.").zh == f"a.csv：{read(_said(code)).zh}"


@pytest.mark.parametrize("code", SENTENCES)
def test_sentence_when_two_languages_then_name_the_same_things(code: str) -> None:
    label = SENTENCES[code]
    en, zh = ({n for _, n, _, _ in Formatter().parse(text) if n} for text in (label.en, label.zh))
    assert zh <= en
    assert not label.en.endswith(".") and not label.zh.endswith("。")


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("a.csv: is empty (0 bytes). Have it delivered again.",
         "a.csv：文件为空（0 字节），请来源单位重新送达"),
        ("b.csv: 1,200 rows are announced, 5 came; sum is announced to sum to 3, it sums to 4."
         " Nothing of it was loaded; have it delivered again.",
         "b.csv：控制总数为 1,200 行，实到 5 行；sum 列合计应为 3，实为 4；"
         "整份文件未入库，请来源单位核对后重新送达"),
        ("a.csv: the column 'memo' is new; it is not declared and not stored.\n"
         "a.csv: 3 rows were broken.\nParked deliveries: 1.",
         "a.csv：新增列“memo”，声明中没有，不入库；3 行有问题，已隔离；另有 1 个文件停放"),
        ("Columns have changed: amount_yuan (retyped), memo (new).",
         "amount_yuan（类型改变）、memo（新增列）"),
        ("a.csv: the file has no column 'no', 'at'. Did you mean 'number'? Correct x.toml or the"
         " delivery.",
         "a.csv：文件中没有列“no”、“at”，最接近的是“number”，请更正 x.toml 或让来源单位重新送达"),
        ("a.csv: the file has no column 'no'. Correct x.toml or the delivery.",
         "a.csv：文件中没有列“no”，请更正 x.toml 或让来源单位重新送达"),
        ("db:5432: gov: events: cannot be reached, or the connection was lost (is: odd). Check"
         " host, port and server.",
         "db:5432：gov：events：无法连接或连接中断（is: odd），请检查主机、端口与服务器"),
        ("a.csv: line 3: scene is empty but required. The source stops at broken rows; nothing of"
         " the file was loaded.",
         "a.csv：第 3 行 scene 列必填项为空；该数据源遇到问题行即停，整份文件未入库"),
        ("fund has nothing newer than 2026-11-23 16:30:00Z; it promises 5,400 s.",
         "最新数据停在 2026-11-24 00:30，承诺 90 分钟内更新"),
        ("Something another version said.", "Something another version said."),
        ("", ""),
    ],
)  # fmt: skip
def test_sentence_when_stored_by_the_etl_then_said_in_full(text: str, zh: str) -> None:
    assert read(text, SHANGHAI).zh == zh
    assert read(text, SHANGHAI).en == text
