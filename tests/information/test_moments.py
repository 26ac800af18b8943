import pytest
import torch

from interplay.information.moments import GroupMoments


@pytest.mark.parametrize("sizes", [[10], [3, 4, 3], [1] * 10])
def test_sums_and_counts_however_the_rows_arrive(sizes):
    rows, groups = torch.randn(10, 4, dtype=torch.float64), torch.randint(3, (10,))
    moments = GroupMoments(4, 3)
    moments._capacity = 4  # so that the buffer is emptied on the way
    start = 0
    for size in sizes:
        moments.add(rows[start : start + size], groups[start : start + size])
        start += size
    sums, counts = moments.totals()
    for group in range(3):
        chosen = rows[groups == group]
        torch.testing.assert_close(sums[group], chosen.T @ chosen)
        assert counts[group] == len(chosen)


def test_merging_adds_and_leaves_the_other_as_it_was():
    parts = []
    for _ in range(2):
        moments = GroupMoments(2, 2)
        moments.add(torch.randn(5, 2, dtype=torch.float64), torch.randint(2, (5,)))
        parts.append(moments)
    expected = parts[0].totals()[0].clone() + parts[1].totals()[0]
    other = parts[1].totals()[0].clone()
    parts[0].merge(parts[1])
    torch.testing.assert_close(parts[0].totals()[0], expected)
    torch.testing.assert_close(parts[1].totals()[0], other)
    assert parts[0].totals()[1].sum() == 10
