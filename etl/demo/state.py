"""What the example city remembers between two deliveries."""

import json
import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from warehouse.errors import StorageError
from warehouse.settings import Settings


@dataclass(frozen=True, kw_only=True)
class DemoState:
    """Everything planned up to `last` is delivered.

    `first` is the month the history begins with; it anchors the plan for good.
    """

    first: date
    last: datetime


def _path(settings: Settings) -> Path:
    return settings.inbox / ".demo-state.json"


def read_state(settings: Settings) -> DemoState | None:
    """None before the first delivery. Raises `StorageError` if the file is damaged."""
    path = _path(settings)
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return DemoState(
            first=date.fromisoformat(content["first"]),
            last=datetime.fromisoformat(content["last"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{path} is damaged ({error}). Remove the folder {path.parent} and start again."
        ) from error


def write_state(settings: Settings, state: DemoState) -> None:
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    content = {"first": state.first.isoformat(), "last": state.last.isoformat()}
    part.write_text(json.dumps(content), encoding="utf-8")
    os.replace(part, path)
