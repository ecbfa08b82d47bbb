"""The numbers of the protocol that the methods print: each opens the line of study.toml that it stands in."""

from collections.abc import Iterator

from caseseries.present.document import Text, Trail
from caseseries.present.wording import level_percent, rounded, spell
from caseseries.study.definition import Study

FILE = "study.toml"


def numbers_of(study: Study) -> dict[str, Text]:
    """The runs that stand for "{protocol.data_cut}" and the like, by their names."""
    return {
        f"protocol.{name}": Text(shown, trail=f"{FILE} {path}") for name, path, shown, _ in _numbers(study)
    }


def trails_of(study: Study) -> dict[str, Trail]:
    """By name: what the file says, or that it leaves the number to the software."""
    return {f"{FILE} {path}": Trail("Protocol", (line,)) for _, path, _, line in _numbers(study)}


def _numbers(study: Study) -> Iterator[tuple[str, str, str, str]]:
    rule, report = study.response, study.report
    shown = {
        "data_cut": f"{study.data_cut:%-d %B %Y}",
        "response.before_within_days": str(rule.before_within_days),
        "response.sensitivity": spell(level_percent(rule.sensitivity), report.style),
        "response.partial_log_reduction": rounded(rule.partial_log_reduction),
        "report.minimum_at_risk": str(report.minimum_at_risk),
    }
    if rule.after_within_days is not None:
        shown["response.after_within_days"] = str(rule.after_within_days)
    for path, words in shown.items():
        table, _, name = path.rpartition(".")
        part = getattr(study, table) if table else study
        written = name in part.model_fields_set
        line = f"{FILE} › {path} = {getattr(part, name)}"
        yield name, path, words, line if written else f"{line}, which it need not say: the default"
