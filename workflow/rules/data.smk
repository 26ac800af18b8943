# Fetching: one rule per data set or set of weights, named fetch_<name>. A file that is there and verified is left alone.
# Where the other jobs go to a cluster these stay here: compute nodes often have no network.


def as_pinned(pinned):
    """What the files must be; another source of the same files is no reason to fetch them again."""
    return {name: pin.sha256 for name, pin in pinned.files.items()}


for _name in sorted(FETCHING):
    _path = DATASETS[_name].pinned.path

    rule:
        name:
            f"fetch_{_name.replace('-', '_')}"
        output:
            f"{DATA}/{_path}" if Path(_path).suffix else directory(f"{DATA}/{_path}"),
        params:
            pin=INGREDIENTS.of_values("pin", {"files": as_pinned(DATASETS[_name].pinned)}),
            name=_name,
            folder=subpath(output[0], ancestor=depth(_path)),
        localrule: True
        priority: 3
        log:
            f"{OUT}/logs/fetch/{_name}.log",
        resources:
            mem_mb=FETCHING_MIB,
            runtime=fetching_minutes(DATASETS[_name].pinned.size),
        shell:
            "interplay fetch {params.name:q} --root {params.folder:q} > {log:q} 2>&1"


# Several files may hold the same weights; which of them was brought is no matter of the plan.
for _name, _mark in sorted(BROUGHT.items()):

    rule:
        name:
            f"fetch_{_name.replace('-', '_')}"
        output:
            touch(f"{DATA}/{_mark}"),
        params:
            pin=INGREDIENTS.of_values("pin", {"forms": [as_pinned(form) for form in WEIGHTS[_name].forms]}),
            name=_name,
            folder=subpath(output[0], ancestor=depth(_mark)),
        localrule: True
        priority: 3
        log:
            f"{OUT}/logs/fetch/{_name}.log",
        resources:
            mem_mb=FETCHING_MIB,
            runtime=fetching_minutes(max(form.size for form in WEIGHTS[_name].forms)),
        shell:
            "interplay fetch {params.name:q} --root {params.folder:q} > {log:q} 2>&1"
