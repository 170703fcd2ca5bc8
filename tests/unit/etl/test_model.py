"""The values of the ETL keep their own rules."""

from pathlib import Path

import polars as pl
import pytest

from etl.model import Batch, BatchCount
from tests.unit.etl.declared import source_in
from warehouse.errors import ContractBroken


def test_batch_whose_counts_do_not_add_up_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractBroken, match=r"hall: a\.csv: 3 rows were read but 1 are good"):
        Batch(
            batch_id="b",
            source=source_in(tmp_path),
            run_id="r",
            item="a.csv",
            read=3,
            rows=pl.DataFrame({"line": [1]}),
            quarantined=pl.DataFrame({"line": [2]}),
            is_last=True,
            event_until=None,
        )


def test_counts_added_give_the_sum_of_each_part() -> None:
    one = BatchCount(read=6, loaded=3, duplicate=2, quarantined=1)

    assert one + one == BatchCount(read=12, loaded=6, duplicate=4, quarantined=2)


def test_source_without_identity_columns_is_identified_by_occurrence(tmp_path: Path) -> None:
    by_columns = source_in(tmp_path)
    by_occurrence = source_in(tmp_path, ('columns = ["no"]', 'by = "occurrence"'))

    assert (by_columns.is_by_occurrence, by_occurrence.is_by_occurrence) == (False, True)
