"""The tables of the ETL's books, one module a subject; `etl.state.State` puts them together."""
