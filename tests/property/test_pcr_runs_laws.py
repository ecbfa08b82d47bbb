"""Whatever became of a run's files on their way: a plate, or findings, and every file is accounted for."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE
from caseseries.pcr.folder import read_plates
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate
from vendor_files import (
    cfx_files,
    lightcycler_480_files,
    quantstudio_files,
    rotor_gene_analysis,
    rotor_gene_run,
)

PLATE = simulate_plate(
    Design(Assay("IGH"), (MadeSample("AB-01 2020-01-02", 1e-3),)), "m.rdml", np.random.default_rng(1)
)
RUNS = {
    "CFX": cfx_files(PLATE, "r"),
    "QuantStudio": quantstudio_files(PLATE, "r"),
    "LightCycler 480": lightcycler_480_files(PLATE, "r"),
    "Rotor-Gene": {"r.rex": rotor_gene_run(PLATE), "r Ct.csv": rotor_gene_analysis(PLATE)},
}
edits = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.sampled_from(
            [b"", b"\x00", b"\xff", b";", b",", b"\n", b'"', b"</Sample>", b"_xD800_", b"1e999", b"NaN", b"-1", b"9" * 400]
        ),
        st.integers(0, 200),
    ),
    max_size=4,
)  # fmt: skip


def spoil(data, edits):
    for at, put, cut in edits:
        place = int(at * len(data))
        data = data[:place] + put + data[place + cut :]
    return data


@given(st.sampled_from(sorted(RUNS)), st.data())
@settings(max_examples=60)
def test_spoilt_files_of_a_run_end_in_a_plate_or_in_words(vendor, data):
    files = RUNS[vendor]
    kept = data.draw(st.sets(st.sampled_from(sorted(files)), min_size=1))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "plates"
        folder.mkdir()
        for name in sorted(kept):
            (folder / name).write_bytes(spoil(files[name], data.draw(edits)))
        found = read_plates(Path(place), PREVENT_FALSE_NEGATIVE, {"AB-01": "AB-01"})
    assert sorted(one.file for one in found.files) == sorted(f"plates/{name}" for name in kept)
    counts = found.counts
    assert counts.wells == counts.used + counts.set_aside + counts.asked
    assert found.findings or found.specimens
    assert all(str(finding).encode() for finding in found.findings)
