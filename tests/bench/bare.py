"""The least that loading could cost: read the file, insert in batches of 10,000 rows."""

import sys

import duckdb

BATCH_ROWS = 10_000


def main(source: str, target: str) -> None:
    with duckdb.connect(target) as connection:
        rows = connection.read_csv(source).pl()
        connection.register("incoming", rows)
        connection.execute("CREATE TABLE fact AS SELECT * FROM incoming LIMIT 0")
        for start in range(0, len(rows), BATCH_ROWS):
            connection.register("batch", rows[start : start + BATCH_ROWS])
            connection.execute("INSERT INTO fact SELECT * FROM batch")


if __name__ == "__main__":
    main(*sys.argv[1:])
