"""Clinical dates: whole days, or an honest interval when the day is not known."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, order=True)
class ClinicalDate:
    """A date known to lie between `earliest` and `latest`, both included.

    "March 2021" is 2021-03-01 … 2021-03-31; no day is ever invented.
    """

    earliest: date
    latest: date

    def __post_init__(self) -> None:
        if self.earliest > self.latest:
            raise ValueError(f"a date cannot end ({self.latest}) before it begins ({self.earliest})")

    @classmethod
    def on(cls, day: date) -> "ClinicalDate":
        return cls(day, day)

    @property
    def exact(self) -> date | None:
        """The day, when it is known; None when only an interval is."""
        return self.earliest if self.earliest == self.latest else None

    def __str__(self) -> str:
        return str(self.earliest) if self.exact else f"between {self.earliest} and {self.latest}"
