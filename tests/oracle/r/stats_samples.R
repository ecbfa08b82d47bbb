# Restricted means, a one-sample log-rank test, exact tests of counts and ranks.
# Rscript stats_samples.R > stats_samples.out
suppressMessages(library(survival))
options(digits = 17, width = 10000)
cat("R", as.character(getRversion()), "survival", as.character(packageVersion("survival")), "\n")
say <- function(...) cat(..., "\n")
all <- read.csv("stats_cases.csv")
for (case in c("letter", "ties", "day0", "events", "many")) {
  d <- all[all$case == case, ]
  for (tau in c(sort(d$stop)[(nrow(d) + 1) %/% 2], max(d$stop))) {
    t <- summary(survfit(Surv(stop, status > 0) ~ 1, d), rmean = tau)$table
    say(case, paste0("rmean.", tau), t["rmean"], t["se(rmean)"])
  }
  rate <- 0.02
  s <- survdiff(Surv(stop, status > 0) ~ offset(exp(-rate * stop)), d)
  say(case, "one.sample", s$obs, s$exp, s$chisq)
}
for (o in c(0, 2, 5, 15)) say(o, "poisson", poisson.test(o, 4.474)$conf.int)
for (x in list(c(10, 18, 17, 52), c(1, 2, 3, 9), c(7, 10, 2, 11), c(0, 5, 4, 6), c(5, 5, 1, 6))) {
  f <- fisher.test(matrix(c(x[1], x[2] - x[1], x[3], x[4] - x[3]), 2))
  say(paste(x, collapse = "-"), "fisher", f$p.value, f$estimate, f$conf.int)
}
a <- c(1.1, 2.2, 3.5, 4.1, 9); b <- c(3.3, 5.6, 7.1, 8.8, 10, 12)
for (pair in list(list("ab", a, b), list("ba", b, a), list("long", c(a, 20:25 + 0.05), c(b, 14:18 + 0.15)))) {
  w <- wilcox.test(pair[[2]], pair[[3]], exact = TRUE, conf.int = TRUE)
  say(pair[[1]], "wilcox", w$statistic, w$p.value, w$estimate, w$conf.int)
}
for (x in list(c(9, 11, 0.5), c(6, 11, 0.209), c(0, 11, 0.2), c(11, 11, 0.46))) {
  b <- binom.test(x[1], x[2], x[3])
  p <- min(1, 2 * min(pbinom(x[1], x[2], x[3]), 1 - pbinom(x[1] - 1, x[2], x[3])))
  say(paste(x, collapse = "-"), "binom", b$conf.int, p)
}
