"""What goes wrong in a real city, delivered into the example city: for pictures and for looking.

Each may be delivered again; the cockpit then has nothing new to tell.
"""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_LATENCY_MS = 420
_DISTRICTS = ("启明区", "云汀区", "青禾区", "澄湖区")


def deliver_troubles(inbox: Path, now: datetime, zone: ZoneInfo) -> None:
    """Late rows, broken rows, a new column, other columns, a damaged file, totals that do not fit.

    now  an aware instant; late rows are of the month before it, in `zone`.
    """
    local = now.astimezone(zone).replace(tzinfo=None)
    last_month = local.replace(day=1) - timedelta(days=3)
    fund = inbox / "housing_fund"
    late = [_service(f"LATE-{n}", last_month - timedelta(hours=n % 200), n) for n in range(160)]
    _put(fund / "housing_fund-late.csv.gz", _csv(late))

    wrong = [_service(f"WRONG-{n}", local - timedelta(minutes=n), n) for n in range(24)]
    for number, row in enumerate(wrong):
        row["区县" if number % 3 else "渠道"] = "启明新区" if number % 3 else "小程序"
    _put(fund / "housing_fund-wrong.csv.gz", _csv(wrong))

    looked = ("教育入学", "录取查询")
    school = [_service(f"NEW-{n}", local - timedelta(minutes=n), n, *looked) for n in range(6)]
    for row in school:
        row["备注"] = "无"
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in school)
    _put(inbox / "education" / "education-new-column.jsonl.gz", gzip.compress(lines.encode()))

    whole = _csv(late)
    _put(inbox / "dealer_loan" / "dealer_loan-damaged.csv.gz", whole[: len(whole) // 2])

    _put(inbox / "utilities" / "utilities-other-columns.csv.gz", whole)

    told = fund / "housing_fund-totals.csv.gz"
    told.with_name(f"{told.name}.totals").write_text('{"rows": 160}', "utf-8")
    _put(told, _csv(late[:150]))


def _service(
    number: str, at: datetime, person: int, scene: str = "公积金查询", item: str = "余额查询"
) -> dict[str, object]:
    """One row as the provident fund delivers them."""
    return {
        "流水号": number,
        "办件编号": f"C-{number}",
        "证件号码": f"{person:018}",
        "姓名": "",
        "手机号": "",
        "办理时间": f"{at:%Y-%m-%d %H:%M:%S}",
        "业务": scene,
        "事项": item,
        "环节": "查询",
        "渠道": "手机银行",
        "终端": "安卓",
        "区县": _DISTRICTS[person % len(_DISTRICTS)],
        "年龄段": "30-39岁",
        "对象": "个人",
        "结果": "办结",
        "耗时毫秒": _LATENCY_MS,
    }


def _csv(rows: Sequence[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return gzip.compress(text.getvalue().encode(), mtime=0)


def _put(file: Path, content: bytes) -> None:
    """It appears under its name once it is whole."""
    draft = file.with_name(file.name + ".part")
    draft.write_bytes(content)
    draft.rename(file)
