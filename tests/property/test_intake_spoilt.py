"""Two thousand spoilt files: no exception, no hang, and no cell lost."""

import spoilt_files


def test_no_spoilt_file_stops_the_reader_or_loses_a_cell(tmp_path):
    (tmp_path / "returns").mkdir()
    read = [
        spoilt_files.check_one(tmp_path, name, data).files[0].counts.non_empty
        for name, data in spoilt_files.spoilt_files(2_000, seed=24)
    ]
    # Spoiling must neither refuse every file (nothing would be tried) nor leave all of them readable.
    assert 400 < sum(map(bool, read)) < 1_900
