"""The ordered funnel of loans: conversion within a window, what is maturing, and step times."""

from warehouse.metrics._loan_metric import of_loans
from warehouse.metrics.model import (
    Conversion,
    Converted,
    EndToEnd,
    EndToEndWithin,
    Maturing,
    Metric,
    StepTime,
)
from warehouse.model import Label, Unit

_MIDDLES = {
    "p50": (0.5, "P50"),
    "p90": (0.9, "P90"),
    "p95": (0.95, "P95"),
    "p99": (0.99, "P99"),
    "mean": (None, ""),
}
"""Name -> (percentile, how it is called)."""


def _formula(at: float | None) -> str:
    return "mean" if at is None else f"percentile_cont({at})"


def _step_time(name: str, at: float | None, called: str) -> Metric:
    zh = f"{called} 的申请" if called else "平均每笔申请"
    return of_loans(
        f"step_seconds_{name}",
        Label(
            zh=f"环节时长 {called}" if called else "平均环节时长",
            en=f"Step time, {called or 'mean'}",
        ),
        Label(
            zh=f"{zh}从上一步骤到该步骤所用的时长，取最早且走得最远的一条办理链；须按步骤查看。",
            en=f"Time from the step before ({called or 'mean'}) on the earliest chain that comes"
            " farthest within the window; asked by step.",
        ),
        f"{_formula(at)} of t(e_k) - t(e_(k-1)) on the earliest chain that gives L(u)",
        StepTime(at=at),
        Unit.SECONDS,
    )


def _end_to_end(name: str, at: float | None, called: str) -> Metric:
    return of_loans(
        f"end_to_end_seconds_{name}",
        Label(
            zh=f"全程时长 {called}" if called else "平均全程时长",
            en=f"End to end, {called or 'mean'}",
        ),
        Label(
            zh=f"窗口期内依次走到放款的申请，从申请到放款所用的时长（{called or '平均'}）。",
            en=f"Time from applied to disbursed ({called or 'mean'}) on the earliest chain, of the"
            " applications that come so far within the window.",
        ),
        f"{_formula(at)} of t(e_4) - t(e_1) on the earliest chain with L(u) = 4",
        EndToEnd(at=at),
        Unit.SECONDS,
    )


METRICS = (
    of_loans(
        "converted",
        Label(zh="转化笔数", en="Converted"),
        Label(
            zh="自申请起在窗口期内依次走到该步骤的申请笔数；须按步骤查看。",
            en="Applications that come to the step in order and within the window from applying,"
            " over every possible start; asked by step.",
        ),
        "N_k = |{application : L >= k}|",
        Converted(),
        Unit.APPLICATIONS,
    ),
    of_loans(
        "step_conversion_share",
        Label(zh="逐级转化率", en="Step conversion"),
        Label(
            zh="走到上一步骤的申请中走到该步骤的比例；仍在窗口期内未了结的不计；须按步骤查看。",
            en="Applications that come to the step among those that come to the step before;"
            " maturing ones are in neither. Asked by step.",
        ),
        "N_k / N_(k-1), without maturing applications",
        Conversion(from_before=True),
        Unit.SHARE,
    ),
    of_loans(
        "conversion_share",
        Label(zh="总转化率", en="Overall conversion"),
        Label(
            zh="提出申请的申请中走到该步骤的比例，放款一步即全程转化率；仍在窗口期内未了结的不计；"
            "须按步骤查看。",
            en="Applications that come to the step among those applied for; maturing ones are in"
            " neither. Of disbursed it is end to end. Asked by step.",
        ),
        "N_k / N_1, without maturing applications",
        Conversion(from_before=False),
        Unit.SHARE,
    ),
    of_loans(
        "maturing",
        Label(zh="未到期笔数", en="Maturing"),
        Label(
            zh="尚未了结且申请后未满窗口期的申请笔数，既不算转化也不算流失。",
            en="Applications without an end that were applied for (last) less than the window"
            " before the data end: neither converted nor lost.",
        ),
        "|{application : no end, data end - last applied < W}|",
        Maturing(),
        Unit.APPLICATIONS,
    ),
    of_loans(
        "end_to_end_within_60s_share",
        Label(zh="60 秒全程达标率", en="End to end within 60 s"),
        Label(
            zh="窗口期内依次走到放款的申请中，从申请到放款不超过 60.000 秒的比例。",
            en="Applications disbursed within 60.000 s of applying, among those that come so far in"
            " order and within the window.",
        ),
        "|t(e_4) - t(e_1) <= 60.000 s| / N_4",
        EndToEndWithin(seconds=60),
        Unit.SHARE,
    ),
    *(_step_time(name, *middle) for name, middle in _MIDDLES.items()),
    *(_end_to_end(name, *middle) for name, middle in _MIDDLES.items()),
)
