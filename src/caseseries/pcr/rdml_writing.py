"""A plate as an RDML 1.3 file: the same plate, the same bytes."""

import io
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from caseseries.pcr.plate import Matrix, Plate, Task, Well
from caseseries.pcr.readings import index_of, is_on_96

EPOCH = (1980, 1, 1, 0, 0, 0)


def write_rdml(plate: Plate) -> bytes:
    """The zip of an RDML 1.3 document. Wells carry their curves, Cq, roles and declared amounts."""
    columns = 12 if all(is_on_96(well.position) for well in plate.wells) else 24
    xml = "".join(_document(plate, columns)).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("rdml_data.xml", EPOCH), xml, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _document(plate: Plate, columns: int) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<rdml version="1.3" xmlns="http://www.rdml.org">\n'
    for dye in dict.fromkeys(well.dye for well in plate.wells if well.dye):
        yield f"<dye id={quoteattr(dye)}/>\n"
    yield from _samples(plate.wells)
    for target in {well.target: well for well in plate.wells}.values():
        kind = "ref" if target.is_control_gene else "toi"
        dye = f"<dyeId id={quoteattr(target.dye)}/>" if target.dye else ""
        yield f"<target id={quoteattr(target.target)}><type>{kind}</type>{dye}</target>\n"
    yield '<experiment id="plate">\n'
    for run in dict.fromkeys(well.run for well in plate.wells):
        yield from _run(plate, run, columns)
    yield "</experiment>\n</rdml>\n"


def _samples(wells: tuple[Well, ...]) -> Iterator[str]:
    """Each sample once; its type and amount for each target it was measured on."""
    by_name: dict[str, dict[str, Well]] = {}
    for well in wells:
        by_name.setdefault(well.sample, {}).setdefault(well.target, well)
    for name, measured in by_name.items():
        types = (f"<type targetId={quoteattr(t)}>{_kind(well)}</type>" for t, well in measured.items())
        amounts = (
            f"<quantity targetId={quoteattr(t)}><value>{well.quantity!r}</value>"
            f"<unit>{escape(well.unit)}</unit></quantity>"
            for t, well in measured.items()
            if well.quantity
        )
        yield f"<sample id={quoteattr(name)}>{''.join(types)}{''.join(amounts)}</sample>\n"


def _run(plate: Plate, run: str, columns: int) -> Iterator[str]:
    yield f"<run id={quoteattr(run)}><pcrFormat><rows>{8 if columns == 12 else 16}</rows>"
    yield f"<columns>{columns}</columns><rowLabel>ABC</rowLabel><columnLabel>123</columnLabel></pcrFormat>\n"
    for well, curve in zip(plate.wells, plate.fluorescence, strict=True):
        if well.run == run:
            yield _reaction(well, curve, columns)
    yield "</run>\n"


def _reaction(well: Well, curve: Matrix, columns: int) -> str:
    cq = f"<cq>{well.reading.text}</cq>" if well.reading.cq is not None else ""
    excluded = f"<excl>{escape(well.excluded)}</excl>" if well.excluded else ""
    points = "".join(
        f"<adp><cyc>{cycle}</cyc><fluor>{value:.5f}</fluor></adp>"
        for cycle, value in enumerate(curve, 1)
        if np.isfinite(value)
    )
    data = f"<data><tar id={quoteattr(well.target)}/>{cq}{excluded}{points}</data>"
    return f'<react id="{index_of(well.position, columns)}"><sample id={quoteattr(well.sample)}/>{data}</react>\n'


def _kind(well: Well) -> Task:
    """RDML knows no negative control but water."""
    return Task.WATER if well.task is Task.NEGATIVE else well.task
