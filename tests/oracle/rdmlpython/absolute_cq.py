"""Threshold cycles of rdmlpython's LinRegPCR for a plate, as lines "target position Cq".

Usage: python absolute_cq.py absolute.rdml > absolute_cq.out

Made with rdmlpython 1.7.2 on NumPy 2. Two things stand in its way: it does not know RDML 1.4 (the version is
rewritten to 1.3, which the file also satisfies) and it uses np.NaN, which NumPy 2 removed.
"""

import importlib
import re
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

np.NaN = np.nan
rdml = importlib.import_module("rdmlpython")

with zipfile.ZipFile(sys.argv[1]) as archive:
    xml = archive.read("rdml_data.xml").replace(b'version="1.4"', b'version="1.3"', 1)
xml = re.sub(rb"<(N0|Ncopy|ampEffMet|ampEffSE|ampEff|vol)>[^<]*</\1>", b"", xml)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "plate.rdml"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rdml_data.xml", xml)
    run = rdml.Rdml(str(path)).experiments()[0].runs()[0]
    found = run.linRegPCR(updateRDML=False, saveResultsCSV=True, timeRun=False)
head, *rows = [line.split("\t") for line in found["resultsCSV"].splitlines()]
target, well, cq = (head.index(name) for name in ("target", "well", "Cq (mean eff)"))
for row in rows:
    sys.stdout.write(f"{row[target]} {row[well]} {row[cq]}\n")
