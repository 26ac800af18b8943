# Figures and tables: one rule per exhibit of the catalogue, named <figure or table>_<document>_<number>.

EXHIBITS = []


def shown_in_report(file, title):
    """Mark one form of an exhibit for `snakemake --report`: the drawing of a figure, the numbers of a table."""
    path = Path(file)
    if not file.endswith(".svg") and not (file.endswith(".csv") and "tables" in path.parts):
        return file
    return report(file, category=path.parent.name, labels={"exhibit": path.stem, "shows": title})


def claims_shown(exhibit):
    """The claims whose bounds a figure shows."""
    return [one for one in CLAIMS if exhibit.kind == "figure" and exhibit.shows_claim(one.id, one.exhibits)]


def digest_of_reference(exhibit):
    """Digest of the records in results/reference that may be shown beside those made here."""
    folders = sorted(Path(ROOT, "reference").glob("*")) if exhibit.reference else []
    try:
        found = {f"record {path / one.name}": one for path in folders for one in select_records(path, exhibit.needs)}
    except InterplayError as error:
        raise WorkflowError(f"{error}; git checkout brings it back") from None
    return INGREDIENTS.digest("reference", {name: text_digest(one.model_dump_json()) for name, one in found.items()})


for _exhibit in CATALOGUE.exhibits:
    _files = [f"{OUT}/{path}" for path in _exhibit.files]
    EXHIBITS += _files

    rule:
        name:
            f"{_exhibit.kind}_{_exhibit.name}"
        input:
            records_for(_exhibit.needs),
        output:
            [shown_in_report(file, _exhibit.title) for file in _files],
        params:
            code=INGREDIENTS.of_code(*_exhibit.code),
            entry=INGREDIENTS.of_values("entry", {"catalogue": _exhibit.model_dump(mode="json")}),
            published=PUBLISHED,
            titles=TITLES,
            claims=digest_of_claims(claims_shown(_exhibit)),
            reference=digest_of_reference(_exhibit),
            kind=_exhibit.kind,
            exhibit=_exhibit.ids[0],
            config=CONFIG,
            out=subpath(output[0], ancestor=3),
        group:
            "exhibits"
        log:
            f"{OUT}/logs/{_exhibit.kind}/{_exhibit.name}.log",
        resources:
            mem_mb=READING_MIB,
            runtime=READING_MINUTES,
            exhibits=1,
        shell:
            "interplay {params.kind:q} {params.exhibit:q} --results {params.out:q} --config {params.config:q} > {log:q} 2>&1"
