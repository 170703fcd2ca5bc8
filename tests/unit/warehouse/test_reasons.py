"""Reasons are stored as English words and come back with their code and both languages."""

import string

import pytest

from warehouse.model import Label
from warehouse.quarantine import QuarantineReason
from warehouse.reasons import OTHER, REASONS, read, words

_FILLED = {
    "value": repr("办 理's"),
    "near": repr("办理"),
    "most": "200",
    "first": "1990",
    "last": "2100",
    "encoding": "gb18030",
}


def _placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("code", REASONS)
def test_reason_when_worded_then_is_read_back_with_its_code(code: str) -> None:
    names = _placeholders(REASONS[code].en)
    found = read(words(code, **{name: _FILLED[name] for name in names}))
    assert found.code == code
    assert set(found.parameters) == names
    assert _placeholders(REASONS[code].zh) == names
    assert "{" not in found.label.zh + found.label.en


def test_reason_when_a_value_is_not_mapped_then_the_label_names_it_without_quotes() -> None:
    found = read("'办里' is not mapped. Did you mean '办理'?")
    assert found.label.zh == "值“办里”没有对应关系，最接近的是“办理”"
    assert found.label.en == "'办里' is not mapped. Did you mean '办理'?"


def test_reason_when_the_value_looks_like_a_reason_then_the_whole_value_is_named() -> None:
    found = read("'x is not mapped.' is not mapped.")
    assert (found.code, found.parameters["value"]) == ("not_mapped", "x is not mapped.")


def test_reason_when_no_template_fits_then_it_stands_for_itself() -> None:
    found = read("of another time")
    assert found.code == OTHER
    assert found.label == Label(zh="of another time", en="of another time")


def test_quarantine_reason_when_asked_then_has_code_value_and_label() -> None:
    reason = QuarantineReason(
        source="tax",
        reason="'9' is not in the vocabulary.",
        column_name="outcome",
        rows=3,
        first_at=None,
        last_at=None,
        sample_line="",
    )
    assert (reason.code, reason.value) == ("not_known", "9")
    assert reason.label.zh == "值“9”不在词表中"
