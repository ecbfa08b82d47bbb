# The survival numbers of results.json, from adtte.csv, by R's survival package (R 4.0 or newer).
#
#   Rscript survival.R            in report/exports
#   Rscript survival.R FILE       with another adtte.csv
#
# Each line gives a result's id, the value of results.json, R's value, and "agrees" or "DIFFERS"; the exit status is 1
# if any differs. Not asked here: the beta product interval (R's bpcp package has it) and delayed entry (not in ADTTE).

library(survival)

given <- commandArgs(trailingOnly = TRUE)
adtte <- read.csv(if (length(given)) given[1] else "../adtte.csv", encoding = "UTF-8", check.names = FALSE)

# CNSR runs against R's status: 0 is the event, 1 censored, 2 a competing event.
expected <- read.csv(text = r"---(
@@EXPECTED@@)---", encoding = "UTF-8", strip.white = TRUE)

curve_on <- function(rows, day, competing) {
  if (competing) {
    state <- factor(rows$CNSR, levels = c(1, 0, 2), labels = c("censored", "event", "competing"))
    fit <- survfit(Surv(rows$AVAL, state) ~ 1)
    at <- summary(fit, times = day, extend = TRUE)
    column <- match("event", fit$states)
    return(c(value = at$pstate[1, column], lower = NA, upper = NA, at_risk = sum(rows$AVAL >= day)))
  }
  fit <- survfit(Surv(AVAL, CNSR == 0) ~ 1, data = rows, conf.type = "log-log", conf.int = @@LEVEL@@)
  at <- summary(fit, times = day, extend = TRUE)
  # Where nothing has happened R prints the limits 1 and 1 before the first time of the curve, and NA after it.
  limits <- if (at$surv == 1) c(NA, NA) else c(at$lower, at$upper)
  c(value = at$surv, lower = limits[1], upper = limits[2], at_risk = at$n.risk)
}

agree <- function(a, b) (is.na(a) && is.na(b)) || isTRUE(abs(a - b) < 1e-9)

differ <- 0
for (i in seq_len(nrow(expected))) {
  one <- expected[i, ]
  rows <- adtte[adtte$PARAM == one$PARAM, ]
  if (nrow(rows) == 0) stop("adtte.csv has no rows of ", one$PARAM)
  found <- curve_on(rows, one$day, one$competing == 1)
  found["events"] <- sum(rows$AVAL <= one$day & rows$CNSR == 0)
  asked <- c("value", "at_risk", "events", if (!is.na(one$limits)) c("lower", "upper"))
  for (name in asked) {
    same <- agree(one[[name]], found[[name]])
    if (!same) differ <- differ + 1
    id <- if (name %in% c("lower", "upper")) one$limits else one$id
    cat(sprintf("%-28s %-8s %-20.15g %-20.15g %s\n", id, name, one[[name]], found[[name]],
                if (same) "agrees" else "DIFFERS"))
  }
}
cat(sprintf("%d numbers differ. R %s, survival %s\n", differ, getRversion(), packageVersion("survival")))
quit(status = if (differ) 1 else 0)
