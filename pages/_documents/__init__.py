"""Files to take away, one format a module.

    csv_file    one text file with a block a panel
    xlsx_file   a workbook with a sheet a panel

A new format is a module with a `FORMAT`, and its entry here.
"""

from collections.abc import Mapping

from pages._documents import csv_file, xlsx_file
from pages._documents._report import (
    Asked,
    Format,
    Found,
    Pivoted,
    Report,
    file_name,
    make_report,
    period_text,
)

__all__ = [
    "FORMATS",
    "Asked",
    "Format",
    "Found",
    "Pivoted",
    "Report",
    "file_name",
    "make_report",
    "period_text",
]

FORMATS: Mapping[str, Format] = {
    module.FORMAT.suffix: module.FORMAT for module in (csv_file, xlsx_file)
}
"""By the end of the file name."""
