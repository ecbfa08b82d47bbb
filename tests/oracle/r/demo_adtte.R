# Kaplan-Meier and Aalen-Johansen of every parameter in an adtte.csv, by R's survival, at every day on which
# something happens and at the quoted horizons. CNSR: 0 event, 1 censored, 2 competing event.
#
#   Rscript demo_adtte.R report/adtte.csv > demo_adtte.out
suppressPackageStartupMessages(library(survival))

path <- commandArgs(trailingOnly = TRUE)[1]
adtte <- read.csv(path, stringsAsFactors = FALSE)
number <- function(x) ifelse(is.na(x), "NA", formatC(x, digits = 17, format = "g"))

cat("#", R.version.string, "survival", as.character(packageVersion("survival")), "\n")
cat("paramcd days n_risk n_event n_censor estimate lower upper\n")

for (code in unique(adtte$PARAMCD)) {
  one <- adtte[adtte$PARAMCD == code, ]
  days <- sort(unique(c(one$AVAL, 365, 1095)))
  days <- days[days <= max(one$AVAL)]
  if (any(one$CNSR == 2)) {
    state <- factor(ifelse(one$CNSR == 1, 0, ifelse(one$CNSR == 0, 1, 2)), 0:2)
    curve <- summary(survfit(Surv(one$AVAL, state) ~ 1), times = days)
    column <- which(curve$states == "1")
    table <- data.frame(curve$time, curve$n.risk[, 1], curve$n.event[, column], NA, curve$pstate[, column], NA, NA)
  } else {
    curve <- summary(survfit(Surv(AVAL, CNSR == 0) ~ 1, data = one, conf.type = "log-log"), times = days)
    table <- data.frame(curve$time, curve$n.risk, curve$n.event, curve$n.censor, curve$surv, curve$lower, curve$upper)
  }
  for (row in seq_len(nrow(table))) {
    cat(code, table[row, 1], table[row, 2], table[row, 3], table[row, 4], number(unlist(table[row, 5:7])), "\n")
  }
}
