"""Two thousand spoilt files: no exception, no hang, no cell lost, and no paragraph that names the drug passed over."""

import spoilt_files


def test_no_spoilt_file_stops_the_reader_or_loses_a_cell():
    read, slowest = spoilt_files.read_spoilt(2_000, seed=24)
    assert slowest < spoilt_files.SLOWEST
    # Spoiling must neither refuse every file of a kind (nothing would be tried) nor leave all of them readable.
    for kind in ("leeds.csv", "a.docx", "a.pdf", "a.txt", "leeds.xlsx"):
        assert read[f"{kind} read"] > 30, kind
    for kind in ("leeds.csv", "a.docx", "a.pdf", "leeds.xlsx"):
        assert read[f"{kind} refused"] > 5, kind
    for kind in ("york.csv", "york.ods", "york.xls", "york.xlsx"):
        assert read[f"{kind} read"] > 5, kind
