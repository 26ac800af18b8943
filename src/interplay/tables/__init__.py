"""One module per table, each with `make(records, published) -> Table`. Reads records and published values only."""
