# Curves, limits, quantiles, reversed follow-up and cumulative incidence of every case in stats_cases.csv.
# Rscript stats_curves.R > stats_curves.out
suppressMessages({library(survival); library(cmprsk)})
options(digits = 17, width = 10000)
cat("R", as.character(getRversion()), "survival", as.character(packageVersion("survival")),
    "cmprsk", as.character(packageVersion("cmprsk")), "\n")
say <- function(...) cat(..., "\n")
all <- read.csv("stats_cases.csv")
for (case in unique(all$case)) {
  d <- all[all$case == case, ]
  entry <- !is.na(d$start[1])
  of <- function(event) if (entry) Surv(d$start, d$stop, event) else Surv(d$stop, event)
  for (type in c("plain", "log", "log-log", "arcsin")) {
    km <- survfit(of(d$status > 0) ~ 1, conf.type = type)
    if (type == "plain") {
      say(case, "time", km$time); say(case, "risk", km$n.risk); say(case, "survival", km$surv)
      say(case, "cumhaz", km$cumhaz); say(case, "cumhaz.se", km$std.chaz)
    }
    say(case, paste0(type, ".lower"), km$lower); say(case, paste0(type, ".upper"), km$upper)
    q <- quantile(km, c(0.25, 0.5, 0.75))
    say(case, paste0(type, ".quartiles"), q$quantile)
    say(case, paste0(type, ".quartiles.lower"), q$lower); say(case, paste0(type, ".quartiles.upper"), q$upper)
  }
  back <- survfit(of(d$status == 0) ~ 1)
  say(case, "reverse.time", back$time); say(case, "reverse.survival", back$surv)
  say(case, "reverse.median", quantile(back, 0.5)$quantile)
  if (any(d$status == 2)) {
    event <- factor(d$status, 0:2)
    aj <- if (entry) survfit(Surv(d$start, d$stop, event) ~ 1, id = seq_along(event)) else survfit(of(event) ~ 1)
    say(case, "aj.time", aj$time)
    say(case, "aj.1", aj$pstate[, 2]); say(case, "aj.2", aj$pstate[, 3])
    say(case, "aj.se.1", aj$std.err[, 2]); say(case, "aj.se.2", aj$std.err[, 3])
    if (!entry) {
      times <- sort(unique(d$stop))
      ci <- timepoints(cuminc(d$stop, d$status), times)
      say(case, "cuminc.time", times); say(case, "cuminc.1", ci$est[1, ]); say(case, "cuminc.2", ci$est[2, ])
    }
  }
}
