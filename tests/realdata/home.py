"""A warehouse of its own, filled through declarations and asked through the shell commands."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.settings import ROOT

FILES = ROOT / "tests" / "data"
SOURCES = ROOT / "tests" / "realdata" / "sources"

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Home:
    """One reporting time zone. `inbox` holds what was delivered and may be added to."""

    folder: Path
    zone: str

    @property
    def inbox(self) -> Path:
        return self.folder / "delivered"

    def deliver(self, name: str, under: str = "") -> None:
        """Lay a file of the test data into the inbox, under another name if one is given."""
        self.inbox.mkdir(exist_ok=True)
        shutil.copyfile(FILES / name, self.inbox / (under or name))

    def command(self, *arguments: str) -> str:
        """What `python -m ...` prints. Fails with its last words if it does."""
        env = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
        own = {
            "COCKPIT_HOME": str(self.folder / "home"),
            "COCKPIT_SOURCES": str(SOURCES),
            "COCKPIT_TIMEZONE": self.zone,
            "REALDATA": str(self.inbox),
        }
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=env | own,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def run(self, *sources: str) -> None:
        self.command("etl", "run", *sources)

    def answer(self, *arguments: str) -> list[Row]:
        """The rows of `python -m warehouse answer ARGUMENTS --format json`."""
        text = self.command("warehouse", "answer", *arguments, "--format", "json")
        rows: list[Row] = json.loads(text)["rows"]
        return rows

    def numbers(self, metric: str, by: str, *arguments: str) -> dict[str, Any]:
        """The metric by the members of one dimension."""
        return {row[by]: row[metric] for row in self.answer(metric, "--by", by, *arguments)}

    def series(self, metric: str, *arguments: str) -> dict[str, Any]:
        """The metric by month, as `YYYY-MM`."""
        rows = self.answer(metric, "--grain", "month", *arguments)
        return {row["period"][:7]: row[metric] for row in rows}

    def status(self, source: str) -> Row:
        """How the source stands: what it read, loaded, found again, set apart."""
        found = json.loads(self.command("etl", "status", "--format", "json"))
        rows: list[Row] = found["sources"] if isinstance(found, dict) else found
        return next(row for row in rows if row["name"] == source)
