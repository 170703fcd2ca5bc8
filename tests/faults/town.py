"""A town whose events are known exactly: what it delivers, and what must be stored of it.

Everything here is made from the number of an event and is counted apart from the code it tests.
"""

import gzip
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

FIRST = datetime(2025, 9, 3, 1, tzinfo=UTC)
LOCAL = timezone(timedelta(hours=8))
"""Of Shanghai, which keeps no summer time."""
SCENES = ("tax", "fund", "fines")
OUTCOMES = {"成功": "completed", "失败": "failed", "退回": "abandoned"}
STEPS = {"进件": "applied", "通过": "approved", "放款": "disbursed"}
HEADER = "no,at,citizen,scene,district,channel,result,ms,memo"

_TIME_AND_PEOPLE = """
[time]
zone = "Asia/Shanghai"

[identity]
columns = ["no"]

[freshness]
promise = "1d"
"""
_VISIT = """
[columns]
occurred_at = "at"
person = "citizen"
scene = "scene"
district = "district"
channel = "channel"
outcome = "result"
latency_ms = "ms"

[values.outcome]
"成功" = "completed"
"失败" = "failed"

[personal]
columns = ["citizen"]
drop = ["memo"]
"""
HALL = f"""name = "hall"
label = {{ zh = "大厅", en = "Hall" }}
contract = "service_event"

[connector]
kind = "files"
path = "${{COCKPIT_INBOX}}/hall"
{_VISIT}{_TIME_AND_PEOPLE}"""
DESK = f"""name = "desk"
label = {{ zh = "窗口", en = "Desk" }}
contract = "service_event"

[connector]
kind = "http"
url = "${{FAULTS_SERVICE}}/v1/visits"
format = "json"
records = "items"
paging = "cursor"
cursor_field = "next"
cursor_parameter = "after"
since_parameter = "since"
since_field = "at"
look_back = "1s"

[connector.auth]
kind = "bearer"
token_file = "token"
{_VISIT}{_TIME_AND_PEOPLE}"""
BANK = f"""name = "bank"
label = {{ zh = "银行", en = "Bank" }}
contract = "loan_event"

[connector]
kind = "files"
path = "${{COCKPIT_INBOX}}/bank"
pattern = "*.jsonl.gz"
after = "move"
done_folder = "${{COCKPIT_INBOX}}/done"

[columns]
occurred_at = "at"
application = "loan"
person = "citizen"
step = "step"
district = "district"
amount = "yuan"

[values.step]
"进件" = "applied"
"通过" = "approved"
"放款" = "disbursed"

[personal]
columns = ["loan", "citizen"]
{_TIME_AND_PEOPLE}"""

Event = tuple[Any, ...]
"""Source, month, time (UTC), then the columns that are compared; personal ones in plain."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A visit of a citizen: a row of `hall` or `desk`."""

    number: int
    day: int
    """Days after the first one; negative and positive."""
    result: str = ""

    @property
    def at(self) -> datetime:
        return FIRST + timedelta(days=self.day, minutes=self.number % 997)

    def row(self) -> dict[str, Any]:
        n = self.number
        return {
            "no": f"V{n}",
            "at": self.at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S"),
            "citizen": f"1101{n % 13}" if n % 5 else "",
            "scene": SCENES[n % 3],
            "district": f"d{n % 2}",
            "channel": "app",
            "result": self.result or ("成功", "失败")[n % 4 == 0],
            "ms": n,
            "memo": "李",
        }

    def event(self, source: str) -> Event:
        row = self.row()
        outcome = OUTCOMES[row["result"]]
        what = (row["scene"], row["district"], "app", outcome, row["ms"])
        return (source, _month(self.at), self.at.replace(tzinfo=None), row["citizen"], *what)


@dataclass(frozen=True, kw_only=True)
class LoanStep:
    """A step of an application: a row of `bank`."""

    number: int
    day: int

    @property
    def at(self) -> datetime:
        return FIRST + timedelta(days=self.day, hours=self.number % 11)

    def row(self) -> dict[str, Any]:
        return {
            "no": f"L{self.number}",
            "at": self.at.isoformat(),
            "loan": f"A{self.number // 3}",
            "citizen": f"1102{self.number // 3}",
            "step": tuple(STEPS)[self.number % 3],
            "district": f"d{self.number // 3 % 2}",
            "yuan": f"{1000 + self.number}.50",
        }

    def event(self) -> Event:
        row = self.row()
        what = (STEPS[row["step"]], row["district"], 100_000 + 100 * self.number + 50)
        return ("bank", _month(self.at), self.at.replace(tzinfo=None), row["loan"], *what)


def _month(at: datetime) -> str:
    return f"{at.astimezone(LOCAL):%Y-%m}"


# --- deliveries -----------------------------------------------------------------------------


def csv_text(visits: Iterable[Visit], *lines: str) -> str:
    rows = [",".join(map(str, visit.row().values())) for visit in visits]
    return "\n".join([HEADER, *rows, *lines]) + "\n"


def put(folder: Path, name: str, content: str, second: int) -> None:
    """A file written `second` seconds after the others."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    packed = name.endswith(".gz")
    file.write_bytes(gzip.compress(content.encode(), mtime=0) if packed else content.encode())
    os.utime(file, (1_760_000_000 + second,) * 2)


def loan_text(steps: Iterable[LoanStep]) -> str:
    return "".join(json.dumps(step.row(), ensure_ascii=False) + "\n" for step in steps)
