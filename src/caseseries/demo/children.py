"""Eleven invented children: everything the finder of `cohort` does not decide.

The letter gives only totals of these (7 after relapse, 8 in MRD-positive remission, 9 MRD-negative afterwards and so
on); who has which, and every age, count, karyotype and marker here, is our choice. No real child is described.
"""

from dataclasses import dataclass

CENTRES = {
    "Northbridge": "United Kingdom",
    "Eastmere": "United Kingdom",
    "Westerlea": "United Kingdom",
    "Southmarsh": "United Kingdom",
    "Highcombe": "United Kingdom",
    "Kilvarra": "Ireland",
}

NOT_DETECTED = "not detected"
BELOW_RANGE = "positive below quantitative range"


@dataclass(frozen=True)
class Ages:
    """Days from birth. No second remission means none before blinatumomab; no relapse means first line."""

    diagnosis: int
    index: int
    remission: int | None = None
    relapse: int | None = None
    second_remission: int | None = None


@dataclass(frozen=True)
class Target:
    """One MRD marker, in percent of cells: the level before, the result after, and how far the assay reached."""

    marker: str
    before: float
    after: float | str
    sensitivity: float
    quantitative_range: float


@dataclass(frozen=True)
class Reaction:
    """One toxicity, days from the start of blinatumomab. Grade 1 here resolved by itself."""

    kind: str
    grade: int
    onset: int
    resolved: int
    description: str
    interrupted: bool = False


@dataclass(frozen=True)
class Child:
    """`unseen_days` is how long before the data cut the child was last seen, or died, at the latest."""

    case_id: str
    centre: str
    sex: str
    identified_by: str
    ages: Ages
    fusion: str
    karyotype: str
    wbc: float
    cns: str
    prednisone_response: str
    donor: str
    conditioning: str
    targets: tuple[Target, ...]
    unseen_days: int
    cd15: bool = False
    home: bool = True
    reactions: tuple[Reaction, ...] = ()

    @property
    def status(self) -> str:
        """The remission in which blinatumomab was started, in the words of the treatment form."""
        if self.ages.second_remission:
            return "CR2, MRD-positive"
        in_first = self.ages.remission and not self.ages.relapse
        return "CR1, MRD-positive" if in_first else "not in remission"


LINEAGE_SWITCH = Child(
    "NB-01",
    "Northbridge",
    "female",
    "both",
    Ages(diagnosis=40, remission=76, index=131),
    "KMT2A::AFF1",
    "46,XX,t(4;11)(q21;q23)[18]/46,XX[2]",
    612,
    "CNS1",
    "poor",
    "matched unrelated",
    "treosulfan, fludarabine, thiotepa",
    (
        Target("IGH DH3-JH5", 0.18, NOT_DETECTED, 0.001, 0.01),
        Target("TRD VD2-DD3", 0.15, NOT_DETECTED, 0.01, 0.05),
    ),
    unseen_days=505,
    cd15=True,
)

RELAPSE_DAY_92 = Child(
    "EM-01",
    "Eastmere",
    "male",
    "both",
    Ages(diagnosis=21, remission=57, relapse=139, second_remission=172, index=183),
    "KMT2A::AFF1",
    "46,XY,t(4;11)(q21;q23)[20]",
    388,
    "CNS2",
    "poor",
    "mismatched unrelated",
    "treosulfan, fludarabine, thiotepa",
    (Target("IGH VH3-JH4", 0.4, NOT_DETECTED, 0.005, 0.01),),
    unseen_days=16,
    reactions=(Reaction("CRS", 1, 1, 3, "fever only"),),
)

RELAPSE_DAY_108 = Child(
    "WL-01",
    "Westerlea",
    "female",
    "tumour board",
    Ages(diagnosis=75, remission=110, relapse=238, second_remission=272, index=289),
    "KMT2A::MLLT1",
    "46,XX,t(11;19)(q23;p13.3)[15]/46,XX[5]",
    241,
    "CNS1",
    "good",
    "matched unrelated",
    "busulfan, fludarabine, thiotepa",
    (
        Target("IGH VH6-JH6", 1.0, 0.05, 0.005, 0.01),
        Target("IGK VK2-Kde", 0.8, BELOW_RANGE, 0.01, 0.05),
    ),
    unseen_days=16,
)

RELAPSE_DAY_133 = Child(
    "SM-01",
    "Southmarsh",
    "male",
    "both",
    Ages(diagnosis=112, remission=147, relapse=318, index=353),
    "KMT2A::MLLT3",
    "46,XY,t(9;11)(p21;q23)[11]/46,XY[9]",
    97,
    "CNS1",
    "good",
    "haploidentical",
    "treosulfan, fludarabine, thiotepa",
    (Target("IGH VH1-JH6", 34.0, NOT_DETECTED, 0.002, 0.01),),
    unseen_days=19,
    home=False,
)

PNEUMONITIS = Child(
    "HC-01",
    "Highcombe",
    "male",
    "tumour board",
    Ages(diagnosis=121, index=176),
    "KMT2A::AFF1",
    "47,XY,+X,t(4;11)(q21;q23)[14]/46,XY[6]",
    455,
    "CNS3",
    "poor",
    "cord blood",
    "busulfan, fludarabine, thiotepa",
    (Target("IGH VH4-JH4", 12.0, NOT_DETECTED, 0.01, 0.05),),
    unseen_days=940,
    home=False,
    reactions=(Reaction("CRS", 1, 2, 4, "fever and rash"),),
)

SHORTEST_FOLLOW_UP = Child(
    "KV-01",
    "Kilvarra",
    "female",
    "both",
    Ages(diagnosis=6, remission=42, index=84),
    "KMT2A::MLLT1",
    "46,XX,t(11;19)(q23;p13.3)[20]",
    910,
    "CNS2",
    "poor",
    "matched unrelated",
    "treosulfan, fludarabine, thiotepa",
    (
        Target("IGH DH2-JH4", 0.12, NOT_DETECTED, 0.01, 0.05),
        Target("IGL VL3-JL2", 0.09, NOT_DETECTED, 0.005, 0.01),
    ),
    unseen_days=3,
)

SHORT_FOLLOW_UP = Child(
    "NB-02",
    "Northbridge",
    "male",
    "survey",
    Ages(diagnosis=8, remission=44, relapse=121, second_remission=157, index=170),
    "KMT2A::AFF1",
    "46,XY,t(4;11)(q21;q23)[17]/46,XY[3]",
    733,
    "CNS1",
    "poor",
    "matched sibling",
    "treosulfan, fludarabine, thiotepa",
    (Target("IGH VH3-JH6", 0.06, NOT_DETECTED, 0.001, 0.01),),
    unseen_days=5,
)

LATE_RELAPSE = Child(
    "EM-02",
    "Eastmere",
    "female",
    "both",
    Ages(diagnosis=203, remission=239, relapse=985, second_remission=1021, index=1059),
    "KMT2A::MLLT3",
    "46,XX,t(9;11)(p21;q23)[9]/46,XX[11]",
    46,
    "CNS1",
    "good",
    "matched sibling",
    "total body irradiation, etoposide",
    (Target("IGK VK3-Kde", 0.09, NOT_DETECTED, 0.005, 0.01),),
    unseen_days=20,
    home=False,
    reactions=(
        Reaction("CRS", 2, 2, 4, "fever, and hypotension that responded to fluid", interrupted=True),
        Reaction(
            "neurotoxicity",
            2,
            3,
            4,
            "confusion and somnolence; resolved on interruption and did not recur at the lower dose",
            interrupted=True,
        ),
    ),
)

LONGEST_FOLLOW_UP = Child(
    "WL-02",
    "Westerlea",
    "male",
    "survey",
    Ages(diagnosis=61, remission=97, index=159),
    "KMT2A::MLLT10",
    "46,XY,t(10;11)(p12;q23)[13]/46,XY[7]",
    318,
    "CNS1",
    "poor",
    "matched unrelated",
    "busulfan, fludarabine, thiotepa",
    (
        Target("IGH VH5-JH4", 0.22, NOT_DETECTED, 0.002, 0.01),
        Target("TRG VG9-JG1", 0.2, NOT_DETECTED, 0.01, 0.05),
    ),
    unseen_days=24,
)

PARTIAL_RESPONSE = Child(
    "SM-02",
    "Southmarsh",
    "female",
    "both",
    Ages(diagnosis=52, remission=87, relapse=176, second_remission=211, index=226),
    "KMT2A::AFF1",
    "46,XX,i(7)(q10),t(4;11)(q21;q23)[12]/46,XX[8]",
    276,
    "CNS1",
    "good",
    "mismatched unrelated",
    "treosulfan, fludarabine, thiotepa",
    (Target("IGH VH2-JH5", 0.7, 0.02, 0.005, 0.01),),
    unseen_days=14,
)

SECOND_LONGEST_FOLLOW_UP = Child(
    "KV-02",
    "Kilvarra",
    "male",
    "tumour board",
    Ages(diagnosis=170, remission=205, relapse=398, index=434),
    "KMT2A::MLLT1",
    "46,XY,t(11;19)(q23;p13.3)[16]/46,XY[4]",
    164,
    "CNS1",
    "good",
    "matched unrelated",
    "busulfan, fludarabine, thiotepa",
    (Target("IGH VH3-JH3", 7.5, NOT_DETECTED, 0.01, 0.05),),
    unseen_days=6,
)

# In the order of `cohort.find_times`.
CHILDREN = (
    LINEAGE_SWITCH,
    RELAPSE_DAY_92,
    RELAPSE_DAY_108,
    RELAPSE_DAY_133,
    PNEUMONITIS,
    SHORTEST_FOLLOW_UP,
    SHORT_FOLLOW_UP,
    LATE_RELAPSE,
    SECOND_LONGEST_FOLLOW_UP,
    PARTIAL_RESPONSE,
    LONGEST_FOLLOW_UP,
)
