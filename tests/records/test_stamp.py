from interplay.records import stamp


def test_the_stamp_names_tier_data_overrides_and_seeds(make_record):
    records = [make_record(seed=seed) for seed in (0, 1)]
    line = "tier smoke | data read: fashion-mnist for cifar10 | 1 override of the published protocol | 2 seeds"
    assert stamp(records) == line


def test_a_run_as_published_says_so(make_record):
    record = make_record(tier="paper", data_mapping="published", dataset_used="cifar10", overrides=[])
    assert stamp([record]) == "tier paper | data as published: cifar10 | protocol as published | 1 seed"


def test_a_run_that_reads_no_data_takes_nobodys_place(make_record):
    record = make_record(dataset_used=None)
    assert stamp([record, make_record(dataset_used="cifar10")]).split(" | ")[1] == "data as published: cifar10"
