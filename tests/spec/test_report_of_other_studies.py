"""What the report says of studies that are not the demo: of nothing that was not asked for or did not happen."""

from typing import Any

import pytest

from caseseries.analysis.cohort import form_cohort
from caseseries.analysis.run import Analysis, analyse
from caseseries.present.abstract import abstract
from caseseries.present.document import (
    Bullets,
    Callout,
    Document,
    Figure,
    Heading,
    Paragraph,
    Table,
    words_of,
)
from caseseries.present.report import Material, Reading, assemble
from caseseries.present.wording import plain, show
from caseseries.record.patient import Patient
from made_up import day, made_up_case, made_up_study, mrd

CAR_T: dict[str, Any] = {
    "title": "CAR T cells: a case series",
    "population": "People with relapsed leukaemia",
    "treatments": ("tisagenlecleucel", "blinatumomab"),
    "index": {"treatment": "tisagenlecleucel", "label": "tisagenlecleucel"},
    "eligibility": (),
    "origins": {"infusion": {"event": "index", "label": "infusion"}},
    "estimates": ({"endpoint": "os", "origins": ("infusion",), "horizons": ("12m",)},),
    "response": {"sensitivity": 1e-4, "after_within_days": 35, "before_in": ("not in remission",)},
}


def infused(case_id: str, follow_up: list[dict[str, Any]], **forms: Any) -> Patient:
    given = {"treatment": "tisagenlecleucel", "start_date": day(0), "remission_at_start": "not in remission"}
    lines = {"treatment": [given], "transplant": [], "follow_up": follow_up}
    return made_up_case(case_id, lines | forms)


RELAPSED = [
    {"date": day(90), "event": "relapse", "phenotype": "CD19-negative"},
    {"date": day(300), "event": "death"},
]
SEEN = [{"date": day(800), "event": "seen alive"}]


def told(patients: list[Patient], **changes: Any) -> tuple[Document, str]:
    """The report and the paragraph to paste."""
    study = made_up_study(**changes)
    made = analyse(form_cohort(patients, study), study)
    made = Analysis(show(made.results), made.displays, made.remarks, made.adtte)
    material = Material(study, made.results, made.displays, made.remarks, Reading((), ()))
    return assemble(material, "caseseries"), abstract(material)


def words(document: Document) -> str:
    said: list[str] = []
    for block in document.blocks:
        match block:
            case Heading(text=text):
                said.append(text)
            case Paragraph(inlines):
                said.append(plain(inlines))
            case Bullets(items) | Callout(items=items):
                said += [plain(item) for item in items]
            case Figure(title=title, caption=caption, alt=alt):
                said += [title, plain(caption), alt]
            case Table(title=title, columns=columns, rows=rows, footnotes=notes):
                said += [
                    title,
                    *map(words_of, columns),
                    *notes,
                    *(plain(cell) for row in rows for cell in row.cells),
                ]
    return "\n".join(said)


def test_a_cohort_that_is_not_transplanted_reads_nothing_of_transplants() -> None:
    level = {
        "specimens": [
            mrd(-5, "quantified", mrd_percent=12.0),
            mrd(28, "not detected", sensitivity_percent=0.01),
        ]
    }
    document, paragraph = told([infused("L-1", RELAPSED, **level), infused("L-2", SEEN, **level)], **CAR_T)
    for text in (words(document), paragraph):
        for word in ("HSCT", "ransplant", "not estimable", "child", "Discharge", "blinatumomab", "nfant"):
            assert word not in text, word
    said = words(document)
    assert "MRD in cases whose state was “not in remission” was a median of 12%" in said
    assert (
        "the last evaluable specimen up to day 35 and up to any other treatment, and before any relapse"
        in said
    )
    assert "The first relapse or death of each case after tisagenlecleucel is listed" in said
    [after] = [block for block in document.blocks if isinstance(block, Table) and block.id == "aftermath"]
    assert after.columns == (
        "Case",
        "Event",
        "Day after tisagenlecleucel",
        "MRD after tisagenlecleucel",
        "What followed (day)",
    )
    assert [plain(cell) for cell in after.rows[0].cells] == [
        "L-1",
        "relapse, CD19-negative",
        "90",
        "not detected (< 0.01%)",
        "death (300)",
    ]


def test_the_listing_counts_from_the_index_treatment_where_no_clock_starts_at_a_transplant() -> None:
    study = made_up_study(**CAR_T)
    one, two = analyse(
        form_cohort([infused("L-1", RELAPSED), infused("L-2", SEEN)], study), study
    ).displays.listing.rows
    assert (one["event_after_index"], one["days_index_to_event"], one["days_index_to_last_known"]) == (
        "relapse",
        90,
        300,
    )
    assert (two["event_after_index"], two["days_index_to_last_known"]) == (None, 800)
    assert "days_hsct_to_event" not in one


def test_one_case_and_none_are_told_as_such() -> None:
    one, paragraph = told([infused("L-1", SEEN)], **CAR_T)
    assert "Tisagenlecleucel was given to 1 case (aged 0.5 years)." in words(one)
    assert "  " not in paragraph
    level = {"specimens": [mrd(-5, "quantified", mrd_percent=12.0)]}
    one, paragraph = told([infused("L-1", SEEN, transplant=[{"hsct_date": day(60)}], **level)], **CAR_T)
    assert "was quantified in one: 12%." in words(one)
    assert "the survivor was followed for 800 days." in words(one)
    for word in ("a median of", "range", "60–60"):
        assert word not in paragraph, word


def test_no_case_is_told_as_such() -> None:
    none, paragraph = told([], **CAR_T)
    assert all(block.columns for block in none.blocks if isinstance(block, Table))
    assert "No case could be analysed." in words(none)
    assert "No case could be analysed." in paragraph
    for said in (words(none), paragraph):
        for word in ("0 of 0", "not estimable", "With 0 cases", "still at risk"):
            assert word not in said, word
    assert [block.text for block in none.blocks if isinstance(block, Heading)] == [
        "Summary",
        "Methods",
        "Cohort",
        "References",
        "Appendix: what was read",
    ]


def test_one_case_has_no_median_no_range_and_no_plural() -> None:
    level = {"specimens": [mrd(-5, "quantified", mrd_percent=0.4)]}
    given = [{"treatment": "blinatumomab", "start_date": day(0), "remission_at_start": "CR2, MRD-positive"}]
    document, _ = told([made_up_case("A-1", {**level, "treatment": given})])
    said = words(document)
    for wrong in ("1 cases", "All 1", "median of", "range ", "(0.5–0.5)"):
        assert wrong not in said, wrong
    assert "MRD in cases in MRD-positive remission was quantified in one: 0.4%." in said
    assert "HSCT followed in 1 of 1, 50 days after the start of blinatumomab." in said
    assert "the survivor was followed for 350 days." in said
    assert "The only case reached transplant." in said
    assert "With 1 case every interval is wide." in said


def test_the_headline_is_the_latest_horizon_however_they_are_listed() -> None:
    estimates = ({"endpoint": "os", "origins": ("infusion",), "horizons": ("12m", "6m")},)
    _, paragraph = told([infused("L-1", RELAPSED), infused("L-2", SEEN)], **{**CAR_T, "estimates": estimates})
    assert "12-month OS from infusion was 50%" in paragraph
    assert "6-month OS from infusion was" not in paragraph


def test_without_any_mrd_no_rate_is_printed() -> None:
    document, paragraph = told([infused("L-1", SEEN)], **CAR_T)
    assert "No MRD response to tisagenlecleucel could be judged." in words(document)
    assert "MRD measured before and after" not in words(document)
    assert not [block for block in document.blocks if isinstance(block, Table) and block.id == "response"]
    assert "MRD" not in paragraph


def test_a_transplant_that_happens_is_told_though_no_clock_starts_there() -> None:
    document, _ = told(
        [infused("L-1", SEEN, transplant=[{"hsct_date": day(60)}]), infused("L-2", SEEN)], **CAR_T
    )
    said = words(document)
    assert "HSCT followed in 1 of 2, 60 days after the start of tisagenlecleucel." in said


def test_a_protocol_that_counts_from_transplant_is_told_when_nobody_reached_it() -> None:
    origins = {**CAR_T["origins"], "hsct": {"event": "hsct", "label": "HSCT"}}
    document, _ = told([infused("L-1", SEEN)], **{**CAR_T, "origins": origins})
    assert "HSCT followed in 0 of 1." in words(document)
    assert "not estimable–" not in words(document)


@pytest.mark.parametrize(
    ("interval", "method", "limit"),
    [
        (
            "default",
            "Its intervals are those of the beta product confidence procedure",
            "Survival is given with the beta product confidence procedure",
        ),
        (
            "log-log",
            "Its intervals are log–log, and beside them those of the beta product confidence procedure",
            "Survival is given with the log–log interval, which is what most programs print",
        ),
    ],
)
def test_the_interval_named_first_is_the_one_quoted(interval: str, method: str, limit: str) -> None:
    document, _ = told([made_up_case("A-1"), made_up_case("A-2")], report={"interval": interval})
    assert method in words(document)
    assert limit in words(document)


def test_a_toxicity_without_a_grade_is_counted_as_one() -> None:
    crs = [{"toxicity": "CRS", "onset_date": day(2)}]
    mild = [{"toxicity": "CRS", "onset_date": day(2), "grade": 1}, {"toxicity": "CRS", "onset_date": day(9)}]
    patients = [
        made_up_case("A-1", {"toxicity": crs}),
        made_up_case("A-2", {"toxicity": mild}),
        made_up_case("A-3"),
    ]
    study = made_up_study()
    made = analyse(form_cohort(patients, study), study)
    counts = {
        name.rpartition(".")[2]: row.estimate.events
        for name, row in made.results.items()
        if name.startswith("toxicity.crs.")
    }
    assert counts == {"any": 2, "grade_1": 1, "grade_unknown": 1}
    assert [row["crs_grade"] for row in made.displays.listing.rows] == ["not known", 1, 0]


def test_a_transplant_before_the_treatment_is_not_the_one_that_followed_it() -> None:
    """Its donor and what was given before it belong to the history."""
    before = {"hsct_date": day(-50), "donor": "cord blood", "therapy_between": True}
    after = {"hsct_date": day(60), "donor": "haploidentical", "therapy_between": False}
    study = made_up_study(**{**CAR_T, "report": {"characteristics": ("donor",)}})
    patients = [
        infused("L-1", SEEN, transplant=[before, after]),
        infused("L-2", SEEN, transplant=[before]),
        infused("L-3", SEEN, transplant=[{"hsct_date": day(60)}]),
    ]
    rows = analyse(form_cohort(patients, study), study).results
    between = rows["hsct.therapy_between"].estimate
    assert (between.events, between.n) == (0, 1)
    assert {name: row.estimate.events for name, row in rows.items() if ".donor." in name} == {
        "characteristics.donor.haploidentical": 1,
        "characteristics.donor.unknown": None,  # L-3 alone: L-2 has no donor to be known
    }
    assert rows["characteristics.donor.unknown"].estimate.value == 1


def test_how_cases_were_found_is_told_where_any_return_says_so() -> None:
    unsaid = {"patients": [{"birth_date": day(-200)}]}
    document, _ = told([infused("L-1", SEEN, **unsaid)], **CAR_T)
    assert "source not stated" not in words(document)
    document, _ = told([infused("L-1", SEEN, **unsaid), infused("L-2", SEEN)], **CAR_T)
    assert "1 source not stated" in words(document)


def test_time_lines_count_from_what_the_protocol_calls_the_start() -> None:
    def caption(**changes: Any) -> str:
        blocks = told([infused("L-1", SEEN)], **{**CAR_T, **changes})[0].blocks
        [figure] = [block for block in blocks if isinstance(block, Figure) and block.id == "swimmer"]
        return plain(figure.caption)

    assert caption().startswith("From infusion; ")
    diagnosis = {"origins": {"dx": {"event": "diagnosis", "label": "diagnosis"}}, "estimates": ()}
    assert caption(**diagnosis).startswith("From start of tisagenlecleucel; ")


def test_a_caption_speaks_of_what_is_drawn() -> None:
    level = {"specimens": [mrd(-5, "quantified", mrd_percent=12.0), mrd(28, "quantified", mrd_percent=0.1)]}
    [figure] = [
        block
        for block in told([infused("L-1", SEEN, **level)], **CAR_T)[0].blocks
        if isinstance(block, Figure) and block.id == "mrd-over-time"
    ]
    assert plain(figure.caption) == "All specimens of each case; dotted is the protocol’s limit."


def test_every_interval_is_of_the_level_that_the_protocol_asks_for() -> None:
    level = {
        "specimens": [
            mrd(-5, "quantified", mrd_percent=12.0),
            mrd(28, "not detected", sensitivity_percent=0.01),
        ]
    }
    ninety = {**CAR_T, "report": {"level": 0.9, "characteristics": ("sex",)}}
    document, paragraph = told([infused("L-1", RELAPSED, **level), infused("L-2", SEEN, **level)], **ninety)
    assert "90%" in words(document)
    assert "95%" not in words(document) + paragraph


def test_follow_up_is_told_of_those_there_are() -> None:
    origins = {**CAR_T["origins"], "hsct": {"event": "hsct", "label": "HSCT"}}
    asked = ({"endpoint": "os", "origins": ("infusion", "hsct"), "horizons": ("12m",)},)
    protocol = {**CAR_T, "origins": origins, "estimates": asked}
    document, _ = told([infused("L-1", RELAPSED)], **protocol)
    assert (
        "Median follow-up from infusion was not reached by reverse Kaplan–Meier; nobody survived."
        in words(document)
    )
    assert "Median follow-up from HSCT" not in words(document)


def test_a_death_without_the_transplant_is_told_case_by_case() -> None:
    untreated: dict[str, Any] = {"transplant": []}
    died = {"follow_up": [{"date": day(30), "event": "death", "cause_of_death": "infection"}]}
    relapsed = {
        "follow_up": [{"date": day(20), "event": "relapse"}, {"date": day(400), "event": "seen alive"}]
    }
    patients = [
        made_up_case("A-1", untreated | died),
        made_up_case("A-2", relapsed),
        made_up_case("A-3", untreated),
    ]
    document, _ = told(patients)
    tables = {block.id: block for block in document.blocks if isinstance(block, Table)}
    early = "* Before HSCT, or without one: counted from the start of blinatumomab."
    assert [[plain(cell) for cell in row.cells] for row in tables["aftermath"].rows] == [
        ["A-2", "relapse", "20*", "–", "HSCT (50*)"],
        ["A-1", "death, infection", "30*", "–", "–"],
    ]
    assert tables["aftermath"].title == "Relapses and deaths before and after HSCT, and what followed"
    assert tables["aftermath"].footnotes == (early,)
    last = [[plain(cell) for cell in row.cells][-3:] for row in tables["cases"].rows]
    assert last == [
        ["death, infection (30*)", "30*", "no"],
        ["relapse (20*)", "350", "yes"],
        ["–", "400*", "yes"],
    ]
    assert tables["cases"].footnotes[-1] == early


def test_an_interval_that_its_method_does_not_give_is_said_to_be_undefined() -> None:
    document, _ = told([made_up_case(f"A-{i}") for i in range(6)])
    said = words(document)
    assert "3-year cumulative incidence of relapse from HSCT was not estimable" in said
    estimates = ({"endpoint": "relapse", "origins": ("hsct",), "horizons": ("6m",)},)
    document, _ = told([made_up_case(f"A-{i}") for i in range(6)], estimates=estimates)
    assert "6-month cumulative incidence of relapse from HSCT was 0% (95% CI not defined)" in words(document)
    [table] = [block for block in document.blocks if isinstance(block, Table) and block.id == "incidence"]
    assert [plain(cell) for cell in table.rows[0].cells][1:3] == ["0", "not defined"]
    assert table.footnotes[-1] == "An interval is not defined where nobody, or everybody, has had the event."


def test_many_cases_have_their_mrd_over_time_on_several_pages() -> None:
    level = {"specimens": [mrd(-5, "quantified", mrd_percent=12.0)]}
    document, _ = told([made_up_case(f"A-{i:02}", level) for i in range(25)])
    figures = {b.id: b for b in document.blocks if isinstance(b, Figure) and b.id.startswith("mrd-over-time")}
    assert [figure.title for figure in figures.values()] == [
        "MRD over time, case by case, 1 of 2",
        "MRD over time, case by case, 2 of 2",
    ]
    assert [figure.alt.count(": day") for figure in figures.values()] == [20, 5]


def test_what_counts_from_an_event_that_nobody_had_is_told_once() -> None:
    report = {"characteristics": ("donor", "sex")}
    patients = [made_up_case(f"A-{i}", {"transplant": []}) for i in range(2)]
    document, paragraph = told(patients, report=report)
    said = words(document)
    assert said.count("No case reached HSCT: nothing from it is estimable.") == 1
    assert "there are no patients" not in said
    assert "from HSCT was not estimable" not in said + paragraph
    assert "from HSCT: not estimable" not in said
    assert "Donor" not in said
    assert "not estimable" in said  # the table of survival still has its rows


def test_levels_are_a_list_in_words_unless_a_level_has_a_mark_of_its_own() -> None:
    given = {"treatment": "tisagenlecleucel", "start_date": day(0), "remission_at_start": "not in remission"}
    twice = [{**given, "cycle": cycle, "start_date": day(30 * cycle)} for cycle in (1, 2)]
    document, _ = told(
        [infused("L-1", SEEN, treatment=twice), infused("L-2", SEEN), infused("L-3", SEEN)], **CAR_T
    )
    assert "The number of cycles was 1 in 2 of 3 and 2 in 1 of 3." in words(document)
    document, _ = told(
        [
            infused("L-1", SEEN, treatment=[{**given, "remission_at_start": "CR2, MRD-positive"}]),
            infused("L-2", SEEN),
        ],
        **CAR_T,
    )
    assert "was CR2, MRD-positive in 1 of 2; not in remission in 1 of 2." in words(document)


def test_a_time_line_of_the_dead_speaks_of_no_arrow() -> None:
    def caption(case: Patient) -> str:
        blocks = told([case], **CAR_T)[0].blocks
        [figure] = [block for block in blocks if isinstance(block, Figure) and block.id == "swimmer"]
        return plain(figure.caption)

    assert "arrow" in caption(infused("L-1", SEEN))
    assert "arrow" not in caption(infused("L-1", RELAPSED))


def test_outcomes_from_transplant_say_whom_they_leave_out() -> None:
    died = {"transplant": [], "follow_up": [{"date": day(30), "event": "death"}]}
    document, paragraph = told([made_up_case("A-1"), made_up_case("A-2"), made_up_case("A-3", died)])
    [callout] = [block for block in document.blocks if isinstance(block, Callout)]
    left_out = "Outcomes from HSCT are those of the 2 of 3 cases that reached it; a relapse or death of the others is not in them."
    assert left_out in [plain(item) for item in callout.items]
    assert left_out in paragraph
    document, _ = told([made_up_case("A-1"), made_up_case("A-2")])
    assert "that reached it" not in words(document)
