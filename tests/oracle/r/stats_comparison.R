# Log-rank family, Gray's test and Cox regression on the cases of stats_cases.csv that have groups.
# Rscript stats_comparison.R > stats_comparison.out
suppressMessages({library(survival); library(cmprsk)})
options(digits = 17, width = 10000)
cat("R", as.character(getRversion()), "survival", as.character(packageVersion("survival")),
    "cmprsk", as.character(packageVersion("cmprsk")), "\n")
say <- function(...) cat(..., "\n")
all <- read.csv("stats_cases.csv")
for (case in unique(all$case)) {
  d <- all[all$case == case, ]
  d$event <- d$status > 0
  entry <- !is.na(d$start[1])
  d$y <- if (entry) Surv(d$start, d$stop, d$event) else Surv(d$stop, d$event)
  d$b <- as.numeric(d$group == "b"); d$c <- as.numeric(d$group == "c")
  if (!entry) for (rho in 0:1) {
    s <- survdiff(y ~ group, d, rho = rho)
    say(case, paste0("survdiff.", rho), s$chisq)
    say(case, paste0("survdiff.expected.", rho), s$exp)
    s <- survdiff(y ~ group + strata(stratum), d, rho = rho)
    say(case, paste0("stratified.", rho), s$chisq)
  }
  if (!entry && any(d$status == 2)) {
    g <- cuminc(d$stop, d$status, d$group)$Tests
    say(case, "gray.1", g["1", "stat"], g["1", "pv"]); say(case, "gray.2", g["2", "stat"], g["2", "pv"])
    g <- cuminc(d$stop, d$status, d$group, d$stratum)$Tests
    say(case, "gray.stratified.1", g["1", "stat"])
  }
  if (nrow(d) < 100) next
  strict <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50)
  covariates <- if (any(d$c > 0)) y ~ b + c + x1 + x2 else y ~ b + x1 + x2
  for (ties in c("efron", "breslow")) {
    f <- coxph(covariates, d, ties = ties, control = strict)
    say(case, paste0("cox.", ties), coef(f)); say(case, paste0("cox.", ties, ".se"), sqrt(diag(vcov(f))))
    say(case, paste0("cox.", ties, ".loglik"), f$loglik, f$score)
  }
  d$id <- seq_len(nrow(d))
  f <- coxph(covariates, d, control = strict, cluster = id)
  say(case, "cox.robust.se", sqrt(diag(vcov(f))))
  f0 <- coxph(covariates, d, control = strict)
  say(case, "cox.zph", cox.zph(f0, transform = "identity", terms = FALSE)$table[, "chisq"])
  f <- coxph(update(covariates, . ~ . + strata(stratum)), d, control = strict)
  say(case, "cox.strata", coef(f)); say(case, "cox.strata.se", sqrt(diag(vcov(f))))
  say(case, "cox.strata.loglik", f$loglik)
  f <- coxph(y ~ b, d, control = strict)
  say(case, "cox.one", coef(f), sqrt(vcov(f)), f$score)
}
