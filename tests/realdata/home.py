"""A warehouse of its own, filled through declarations and asked through the shell commands."""

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from warehouse.__main__ import main as warehouse_main
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

    @property
    def env(self) -> dict[str, str]:
        return {
            "COCKPIT_HOME": str(self.folder / "home"),
            "COCKPIT_SOURCES": str(SOURCES),
            "COCKPIT_TIMEZONE": self.zone,
            "REALDATA": str(self.inbox),
        }

    def deliver(self, name: str, under: str = "") -> None:
        """Lay a file of the test data into the inbox, under another name if one is given."""
        self.inbox.mkdir(exist_ok=True)
        shutil.copyfile(FILES / name, self.inbox / (under or name))

    def command(self, *arguments: str) -> str:
        """What `python -m ...` prints. Fails with its last words if it does."""
        env = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=env | self.env,
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
        """The rows of `python -m warehouse answer ARGUMENTS --format json`, in this process."""
        printed = io.StringIO()
        with patch.dict(os.environ, self.env), redirect_stdout(printed):
            code = warehouse_main(["answer", *arguments, "--format", "json"])
        assert code == 0
        rows: list[Row] = json.loads(printed.getvalue())["rows"]
        return rows

    def numbers(self, metric: str, by: str, *arguments: str) -> dict[str, Any]:
        """The metric by the members of one dimension."""
        return {row[by]: row[metric] for row in self.answer(metric, "--by", by, *arguments)}

    def series(self, metric: str, *arguments: str) -> dict[str, Any]:
        """The metric by month, as `YYYY-MM`."""
        rows = self.answer(metric, "--grain", "month", *arguments)
        return {row["period"][:7]: row[metric] for row in rows}

    def value(self, metric: str, *arguments: str) -> Any:
        """The metric as one number."""
        [row] = self.answer(metric, *arguments)
        return row[metric]

    def rows(self, *arguments: str) -> tuple[int, int, int, int]:
        """How many rows were read, loaded, known already and broken."""
        names = ("read", "loaded", "duplicate", "quarantined")
        [row] = self.answer(*(f"pipeline.{name}" for name in names), *arguments)
        read, loaded, duplicate, quarantined = (row[f"pipeline.{name}"] for name in names)
        return read, loaded, duplicate, quarantined
