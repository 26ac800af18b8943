# Headline metrics of every experiment, for `dvc metrics`: one rule per experiment, named metrics_<experiment>.

METRICS = []


for _experiment, _headlines in CATALOGUE.headlines.items():
    METRICS.append(f"{OUT}/metrics/{_experiment}.json")

    rule:
        name:
            f"metrics_{_experiment}"
        input:
            records_for([one.runs for one in _headlines]),
        output:
            METRICS[-1],
        params:
            code=INGREDIENTS.of_code("interplay.evidence.headlines"),
            headlines=INGREDIENTS.of_values("headlines", {one.runs: one.model_dump(mode="json") for one in _headlines}),
            experiment=_experiment,
            config=CONFIG,
            out=subpath(output[0], ancestor=2),
        group:
            "exhibits"
        log:
            f"{OUT}/logs/metrics/{_experiment}.log",
        resources:
            mem_mb=READING_MIB,
            runtime=READING_MINUTES,
            exhibits=1,
        shell:
            "interplay metrics {params.experiment:q} --results {params.out:q} --config {params.config:q} > {log:q} 2>&1"
