# The report: gathers what the other rules made and computes nothing. Its folder is complete and can be moved: figures are
# copied into it. (It is no part of `snakemake --report`, which would take the page without the figures beside it.)

TEMPLATES = Path("src/interplay/report/templates")


rule make_report:
    input:
        RECORDS,
        EXHIBITS,
        f"{OUT}/verdicts.json",
    output:
        f"{OUT}/report/index.html",
        f"{OUT}/report/appendix.md",
        directory(f"{OUT}/report/figures"),
    params:
        code=INGREDIENTS.of_code("interplay.report"),
        templates=INGREDIENTS.digest(
            "templates", {f"file {path}": text_digest(path.read_bytes()) for path in visible_files(TEMPLATES, "*")}
        ),
        config=CONFIG,
        catalogue=digest_of_config("catalogue", "catalogue", "documents.yaml", "coverage.yaml"),
        setup=INGREDIENTS.of_values("setup", {"tier": SETUP.tier.description, "data": SETUP.mapping.description}),
        origins=INGREDIENTS.of_values("origins", origins()),
        out=subpath(output[0], ancestor=2),
    log:
        f"{OUT}/logs/report/make_report.log",
    resources:
        mem_mb=READING_MIB,
        runtime=READING_MINUTES,
    shell:
        "interplay report --results {params.out:q} --config {params.config:q} > {log:q} 2>&1"
