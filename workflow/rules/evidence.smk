# Verdicts: all of them from all records (and those of other tiers and the reference that are there), and one rule per claim, named claim_<id>, that builds what it needs alone.

# How large a run is beside the published one takes the plan of that: its values, and the code that unfolds and counts it.
JUDGING = ["interplay.evidence", "interplay.evidence.verdicts", *(f"interplay.protocols.{name}" for name in experiments())]
SCALE = digest_of_config("scale", "experiments", "tiers/paper.yaml", "tiers/paper", "data/published.yaml")


rule judge_claims:
    input:
        RECORDS,
    output:
        f"{OUT}/verdicts.json",
    params:
        code=INGREDIENTS.of_code(*JUDGING),
        claims=digest_of_claims(CLAIMS),
        published=PUBLISHED,
        scale=SCALE,
        titles=TITLES,
        levels=LEVELS,
        config=CONFIG,
        out=subpath(output[0], parent=True),
    log:
        f"{OUT}/logs/evidence/judge_claims.log",
    resources:
        mem_mb=READING_MIB,
        runtime=READING_MINUTES,
    shell:
        "interplay verdicts --results {params.out:q} --config {params.config:q} > {log:q} 2>&1"


for _claim in CLAIMS:

    rule:
        name:
            f"claim_{_claim.id}"
        input:
            records_for(_claim.needs),
        output:
            f"{OUT}/claims/{_claim.id}.json",
        params:
            code=INGREDIENTS.of_code(*JUDGING),
            claims=digest_of_claims([_claim]),
            published=PUBLISHED,
            scale=SCALE,
            titles=TITLES,
            levels=LEVELS,
            id=_claim.id,
            config=CONFIG,
            out=subpath(output[0], ancestor=2),
        log:
            f"{OUT}/logs/claim/{_claim.id}.log",
        resources:
            mem_mb=READING_MIB,
            runtime=READING_MINUTES,
        shell:
            "interplay verdicts --results {params.out:q} --config {params.config:q} --claim {params.id:q} "
            "--output {output:q} > {log:q} 2>&1"
