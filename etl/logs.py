"""Log records of the ETL as JSON lines on stderr."""

import json
import logging
import sys
from datetime import UTC, datetime

from stamina.instrumentation import RetryDetails, set_on_retry_hooks

log = logging.getLogger(__name__)


class JsonLines(logging.Formatter):
    """One JSON object a record: time (UTC), level, event, and the fields given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "where": record.name,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


def configure_logs() -> None:
    """Sends the records of the whole process to stderr. The chatter of libraries is left out;
    that of the web client would name whole addresses."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    set_on_retry_hooks([_tell_retry])


def _tell_retry(details: RetryDetails) -> None:
    """What a connector tries again, and why."""
    fields = {"why": str(details.caused_by), "wait_seconds": round(details.wait_for, 1)}
    log.info("source.retried", extra={"fields": fields})
