# Figures and tables: one rule per exhibit of the catalogue, named <figure or table>_<document>_<number>.

EXHIBITS = []


def shown_in_report(file, title):
    """Mark one form of an exhibit for `snakemake --report`: the drawing of a figure, the numbers of a table."""
    path = Path(file)
    if not file.endswith(".svg") and not (file.endswith(".csv") and "tables" in path.parts):
        return file
    return report(file, category=path.parent.name, labels={"exhibit": path.stem, "shows": title})


def digest_of_claims(exhibit):
    """Digest of the claims whose bounds a figure shows."""
    if exhibit.kind != "figure":
        return ""
    return text_digest("".join(one.model_dump_json() for one in CLAIMS if exhibit.shows_claim(one.id, one.exhibits)))


def digest_of_reference(exhibit):
    """Digest of the records in results/reference that may be shown beside those made here."""
    folders = sorted(Path(ROOT, "reference").glob("*")) if exhibit.reference else []
    return text_digest("".join(one.model_dump_json() for path in folders for one in select_records(path, exhibit.needs)))


for _exhibit in CATALOGUE.exhibits:
    _formats = ("svg", "pdf", "png", "csv") if _exhibit.kind == "figure" else ("csv", "md", "tex")
    _files = [f"{OUT}/{_exhibit.kind}s/{name}.{suffix}" for name in _exhibit.ids for suffix in _formats]
    EXHIBITS += _files

    rule:
        name:
            f"{_exhibit.kind}_{_exhibit.name}"
        input:
            records_for(_exhibit.needs),
        output:
            [shown_in_report(file, _exhibit.title) for file in _files],
        params:
            code=code_digest(_exhibit.package),
            entry=text_digest(_exhibit.model_dump_json()),
            published=digest_of_config("published"),
            claims=digest_of_claims(_exhibit),
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
            "interplay {params.kind} {params.exhibit} --results {params.out} --config {params.config} > {log} 2>&1"
