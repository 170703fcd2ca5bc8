"""A small declared source for tests, whose parts can be changed one by one."""

import os
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from etl.connectors.files import Files
from etl.delivery import Content
from etl.landing import Landing
from etl.model import Source
from etl.sources import read_source
from warehouse.settings import Settings

TOML = """name = "hall"
label = { zh = "大厅", en = "Hall" }
contract = "service_event"

[connector]
kind = "files"
path = "${COCKPIT_INBOX}/hall"

[time]
zone = "Asia/Shanghai"

[identity]
columns = ["no"]

[columns]
occurred_at = "at"
person = "citizen"
channel = "channel"
outcome = "result"
latency_ms = "ms"

[constants]
scene = "hall"

[values.outcome]
"成功" = "completed"
"失败" = "failed"

[personal]
columns = ["citizen"]
drop = ["name"]

[freshness]
promise = "15m"

[schedule]
every = "10s"

[labels.scene]
hall = { zh = "大厅", en = "Hall" }
"""

HEADER = "no,at,citizen,channel,result,ms,name"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def settings_in(folder: Path) -> Settings:
    """Settings of a home and a folder of sources below `folder`."""
    sources = folder / "sources"
    sources.mkdir(exist_ok=True)
    return Settings.from_env(
        {"COCKPIT_HOME": str(folder / "home"), "COCKPIT_SOURCES": str(sources)}
    )


def declare(folder: Path, *changes: tuple[str, str], name: str = "hall", toml: str = TOML) -> Path:
    """Write the declaration with texts replaced; every replaced text must be there."""
    text = toml.replace('name = "hall"', f'name = "{name}"')
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.toml"
    file.write_text(text, "utf-8")
    return file


def source_in(folder: Path, *changes: tuple[str, str], toml: str = TOML) -> Source:
    """The declared source, its deliveries in `folder/hall`."""
    (folder / "hall").mkdir(parents=True, exist_ok=True)
    file = declare(folder, *changes, toml=toml)
    return read_source(file, {"COCKPIT_INBOX": str(folder)})


def rows_text(first: int, count: int, *, day: str = "2026-03-02") -> str:
    """`count` good rows with the numbers from `first`."""
    return "".join(
        f"N{n},{day} 09:{n // 60 % 60:02d}:{n % 60:02d},110{n % 7},app,成功,{n},李\n"
        for n in range(first, first + count)
    )


def settled(file: Path, content: str | bytes) -> Path:
    """Deliver a file that nobody has touched for a while."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    return file


def contents_in(connector: Files) -> list[Content]:
    """The content of every delivered file, in the order of delivery."""
    nowhere = cast(Landing, None)  # files stay where they lie
    return [delivery.fetch(nowhere).content for delivery in connector.deliveries({})]
