"""What forbids a negative: a negative is claimed only where every well shows that it has nothing.

A very high load and a true negative get the same word from an instrument. So whatever speaks against "nothing
there" stops the claim: a curve that nobody saw, that ends too soon, that strays or that rises anyway, an excluded well
that amplified, an instrument's Cq where our curve has none, a well within the quantitative range. Too careful costs a
repeat; a false negative costs a child.
"""

from collections.abc import Iterator
from math import floor

from caseseries.pcr.calls import State
from caseseries.pcr.criteria import Profile
from caseseries.pcr.evidence import Evidence, Rule, latest_positive
from caseseries.pcr.readings import SENTINELS
from caseseries.pcr.standards import Reaction

BEGINS = 3  # a curve must begin by this cycle: our choice
BY_HAND = "plate.toml"  # a person gave a reason for the exclusion there


def find_doubts(evidence: Evidence, profile: Profile, highest: float, quantifiable: float) -> list[Rule]:
    """The questions a negative must pass, in order, failed ones only.

    Args:
        highest: the level of the earliest well; 0 when none amplified.
        quantifiable: the lowest level this sample could have quantified, or could have been called at.
    """
    limit, _ = latest_positive(evidence.curve, profile)
    asked = (
        _check_length(evidence, limit),
        _check_high(highest, quantifiable),
        _check_amount(evidence, profile),
    )
    return [*find_hidden(evidence, limit), *(rule for rule in asked if not rule.passed)]


def find_hidden(evidence: Evidence, limit: float) -> list[Rule]:
    """What the wells alone may hide, whatever else is wrong with the plate: the questions that they fail.

    Args:
        limit: the latest Cq that counts.
    """
    asked = (
        _check_seen(evidence),
        _check_start(evidence),
        _check_level(evidence),
        _check_rises(evidence, limit),
        _check_instrument(evidence, limit),
    )
    return [rule for rule in asked if not rule.passed]


def _check_seen(evidence: Evidence) -> Rule:
    """A very high load and a true negative get the same word from an instrument; only a curve tells them apart."""
    # A late Cq without a curve may be a last cycle.
    unseen = [one for one in evidence.used if not one.call.seen]
    if unseen and evidence.curves_reviewed_by:
        return Rule("curves", True, f"reviewed by {evidence.curves_reviewed_by}")
    places = ", ".join(one.well.position for one in unseen)
    do = "Export the amplification data, or name in plate.toml who reviewed the curves"
    what = f"no curve to show that {places} did not amplify" if unseen else "seen"
    return Rule("curves", not unseen, what, "level.no_curves", do)


def _check_start(evidence: Evidence) -> Rule:
    """A load too high to read shows in the first cycles or nowhere: once it is spent, its curve is level."""
    late = [one for one in evidence.used if one.call.seen and one.cq is None and one.call.since > BEGINS]
    places = ", ".join(f"{one.well.position} (cycle {one.call.since})" for one in late)
    what = f"the curve begins only at {places}" if late else "every curve begins with the run"
    return Rule("start", not late, what, "level.short_curve", "Export all cycles, or repeat the sample")


def _check_length(evidence: Evidence, limit: float) -> Rule:
    """A curve must go on until a Cq could no longer count, or as long as the standards that showed the sensitivity.

    A standard without a curve went on at least until its Cq.
    """
    steps = evidence.curve.steps if evidence.curve else ()
    standards = [one for step in steps for one in step.reactions]
    longest = max((max(one.call.until, one.cq or 0) for one in standards), default=0)
    needed = min(limit, longest)
    short = [
        one for one in evidence.used if one.call.seen and one.cq is None and one.call.until < floor(needed)
    ]
    places = ", ".join(f"{one.well.position} (cycle {one.call.until})" for one in short)
    what = (
        f"the curve ends before cycle {floor(needed)} in {places}" if short else "every curve is long enough"
    )
    return Rule("length", not short, what, "level.short_curve", "Export all cycles, or repeat the sample")


def _check_level(evidence: Evidence) -> Rule:
    """A curve that strays from its baseline hides whatever rises in it: a bubble, evaporation, noise, a wrong sign."""
    straying = ", ".join(one.well.position for one in evidence.used if one.call.strays)
    what = f"the curve strays from its baseline in {straying}" if straying else "level"
    return Rule("level", not straying, what, "level.not_level", "Look at the curves, and repeat the sample")


def _check_rises(evidence: Evidence, limit: float) -> Rule:
    """Curves that rise though their well has no Cq: below the threshold, against the instrument, or excluded."""
    rising = [one for one in evidence.reactions if _rises(one, limit)]
    places = ", ".join(f"{one.well.position} ({_why(one)})" for one in rising)
    do = "Look at the curves; repeat the sample, or give the reason in plate.toml"
    what = f"the curve rises in {places}" if rising else "no curve rises"
    return Rule("rise", not rising, what, "level.rising_curve", do)


def _rises(one: Reaction, limit: float) -> bool:
    rise = one.call.rise
    if rise is None or one.cq is not None:
        return False
    if one.call.state is State.EXCLUDED and one.well.excluded.startswith(BY_HAND):
        return one.call.is_early  # no reason given at the bench outweighs the highest load of all
    return rise <= limit


def _why(one: Reaction) -> str:
    at = "from the start" if one.call.is_early else f"at cycle {one.call.rise:.1f}"
    return f"{at}, excluded by {one.well.excluded}" if one.call.state is State.EXCLUDED else at


def rises_unexplained(one: Reaction) -> bool:
    """Whether a control well that the file left out, without a reason of a person's, amplifies all the same."""
    is_silent = one.call.state is State.EXCLUDED and not one.well.excluded.startswith(BY_HAND)
    return is_silent and one.call.rise is not None


def excluded_by_hand(evidence: Evidence) -> Iterator[str]:
    """Wells that amplified and that a person left out, to be named beside the level."""
    for one in evidence.reactions:
        if one.call.state is State.EXCLUDED and one.call.rise is not None:
            yield f"{one.well.position} is not counted, and amplifies {_why(one)}"


def _check_instrument(evidence: Evidence, limit: float) -> Rule:
    """The instrument found a Cq that counts where our curve has none; a last cycle written as a number is no Cq."""
    theirs = [
        one
        for one in evidence.used
        if one.cq is None
        and one.well.reading.cq is not None
        and one.well.reading.cq <= limit
        and one.well.reading.cq not in SENTINELS
    ]
    places = ", ".join(f"{one.well.position} (Cq {one.well.reading.text})" for one in theirs)
    what = f"the instrument has a Cq in {places}, our curve none" if theirs else "no Cq from the instrument"
    return Rule("instrument", not theirs, what, "level.instrument_positive", "Look at the curves, and repeat")


def _check_high(highest: float, quantifiable: float) -> Rule:
    what = f"a well stands at {highest:.1e}, at or above the {quantifiable:.1e} that can be quantified"
    return Rule("replicates", highest < quantifiable, what, "level.discordant", "Repeat the sample")


def _check_amount(evidence: Evidence, profile: Profile) -> Rule:
    share = evidence.control.amplifiable if evidence.control else None
    least = profile["amplifiable_least"]
    what = f"amplifiable DNA {share or 0:.2f} of the reference, {least:g} wanted"
    return Rule("DNA", (share or 0) >= least, what, "level.little_dna", "Extract and measure again")
