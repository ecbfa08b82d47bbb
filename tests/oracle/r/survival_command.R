# Curves of a made-up file by R's survfit; the transcript is survival_command.out.
library(survival)
cat(R.version.string, "survival", format(packageVersion("survival")), "\n")
rows <- read.csv("survival_command.csv")
show <- function(...) cat(..., "\n")
digits <- function(x) formatC(x, digits = 17, format = "g")
for (arm in unique(rows$arm)) {
  here <- rows[rows$arm == arm, ]
  fit <- survfit(Surv(days, status) ~ 1, here, conf.type = "log-log")
  show(arm, "time", fit$time)
  show(arm, "n_risk", fit$n.risk)
  show(arm, "estimate", digits(fit$surv))
  show(arm, "lower", digits(fit$lower))
  show(arm, "upper", digits(fit$upper))
  late <- survfit(Surv(entry, days, status) ~ 1, here, conf.type = "log-log")
  show(arm, "late_time", late$time)
  show(arm, "late_n_risk", late$n.risk)
  show(arm, "late_estimate", digits(late$surv))
  here$kind <- factor(ifelse(here$status == 0, "censored", here$cause))
  states <- survfit(Surv(days, kind) ~ 1, here)
  for (cause in c("death", "relapse")) {
    show(arm, paste0("incidence_", cause), digits(states$pstate[, which(states$states == cause)]))
  }
}
