"""One module or package per experiment: from a protocol to records. No plotting, no judging."""
