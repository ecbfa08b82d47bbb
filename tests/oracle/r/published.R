# Writes R's own published data sets as CSV into a folder, and what survival and cmprsk say of them to stdout.
# Rscript published.R FOLDER. The data are R's and are not kept here: they are written anew for every run.
suppressMessages({library(survival); library(cmprsk)})
options(digits = 17, width = 10000)
folder <- commandArgs(TRUE)[1]
say <- function(...) cat(..., "\n")
keep <- function(d, name) write.csv(d, file.path(folder, paste0(name, ".csv")), row.names = FALSE, na = "")
say("R", as.character(getRversion()))
p <- pbc[!is.na(pbc$stage), ]
sets <- list(
  lung = data.frame(t = lung$time, e = lung$status - 1, g = lung$sex, s = lung$inst %% 3),
  veteran = data.frame(t = veteran$time, e = veteran$status, g = veteran$celltype, s = veteran$trt),
  ovarian = data.frame(t = ovarian$futime, e = ovarian$fustat, g = ovarian$rx, s = ovarian$resid.ds),
  kidney = data.frame(t = kidney$time, e = kidney$status, g = kidney$disease, s = kidney$sex),
  pbc = data.frame(t = p$time, e = as.integer(p$status == 2), g = p$stage, s = p$edema))
for (name in names(sets)) {
  d <- sets[[name]]; d <- d[complete.cases(d), ]; keep(d, name)
  for (rho in 0:1) say(name, paste0("survdiff.", rho), survdiff(Surv(t, e) ~ g, d, rho = rho)$chisq)
  say(name, "stratified", survdiff(Surv(t, e) ~ g + strata(s), d)$chisq)
  f <- survdiff(Surv(t, e) ~ g, d)
  score <- seq_along(f$obs)
  say(name, "trend", sum(score * (f$obs - f$exp))^2 / (score %*% f$var %*% score))
  for (group in sort(unique(as.character(d$g)))) {
    x <- d[as.character(d$g) == group, ]
    for (type in c("plain", "log", "log-log", "arcsin")) {
      km <- survfit(Surv(t, e) ~ 1, x, conf.type = type); q <- quantile(km, c(.25, .5, .75))
      of <- paste(group, type, sep = "|")
      say(name, paste0(of, "|time"), km$time); say(name, paste0(of, "|n_risk"), km$n.risk)
      say(name, paste0(of, "|estimate"), km$surv)
      say(name, paste0(of, "|lower"), km$lower); say(name, paste0(of, "|upper"), km$upper)
      say(name, paste0(of, "|quartiles"), q$quantile, q$lower, q$upper)
    }
    say(name, paste0(group, "|followup"), quantile(survfit(Surv(t, 1 - e) ~ 1, x), .5)$quantile)
    mean <- survival:::survmean(survfit(Surv(t, e) ~ 1, x), rmean = 90)$matrix
    say(name, paste0(group, "|rmst"), mean["rmean"], mean["se(rmean)"])
    haz <- survfit(Surv(t, e) ~ 1, x)
    say(name, paste0(group, "|hazard"), summary(haz, times = 90)$cumhaz)
  }
}
# Cox models: Efron, Breslow, robust, stratified; and with entries
d <- na.omit(lung[, c("time", "status", "age", "sex", "ph.ecog", "wt.loss")]); keep(d, "lungcox")
told <- function(what, f) {
  say("cox", paste0(what, ".coefficient"), coef(f)); say("cox", paste0(what, ".se"), sqrt(diag(vcov(f))))
  s <- summary(f); say("cox", paste0(what, ".tests"), s$logtest[1], s$sctest[1])
}
plain <- coxph(Surv(time, status) ~ age + sex + ph.ecog + wt.loss, d)
told("efron", plain)
say("cox", "zph", cox.zph(plain, transform = "identity")$table[, "chisq"])
told("breslow", coxph(Surv(time, status) ~ age + sex + ph.ecog + wt.loss, d, ties = "breslow"))
told("robust", coxph(Surv(time, status) ~ age + sex + ph.ecog + wt.loss, d, robust = TRUE))
told("strata", coxph(Surv(time, status) ~ age + ph.ecog + wt.loss + strata(sex), d))
h <- transform(heart, start = 2 * start, stop = 2 * stop, tx = as.integer(transplant) - 1)
keep(h[, c("start", "stop", "event", "age", "surgery", "tx")], "heart")
told("entry", coxph(Surv(start, stop, event) ~ age + surgery + tx, h))
# Competing risks
m <- mgus2; m$t <- ifelse(m$pstat == 0, m$futime, m$ptime); m$k <- ifelse(m$pstat == 0, 2 * m$death, 1)
tr <- transplant[transplant$futime > 0, ]
competing <- list(
  mgus2 = data.frame(t = m$t, k = m$k, g = m$sex),
  transplant = data.frame(t = tr$futime, k = as.integer(tr$event) - 1, g = tr$abo),
  pbccause = data.frame(t = p$time, k = p$status, g = p$stage))
for (name in names(competing)) {
  d <- competing[[name]]; d$e <- as.integer(d$k > 0); keep(d, name)
  ci <- cuminc(d$t, d$k, d$g); say(name, "gray", ci$Tests[, "stat"])
  for (cause in seq_len(max(d$k))) {
    say(name, paste0("log-rank.", cause), survdiff(Surv(t, k == cause) ~ g, d)$chisq)
    f <- coxph(Surv(t, k == cause) ~ factor(as.character(g)), d)
    say(name, paste0("cox.", cause), coef(f), sqrt(diag(vcov(f))))
  }
  for (group in sort(unique(as.character(d$g)))) {
    x <- d[as.character(d$g) == group, ]
    aj <- survfit(Surv(t, factor(k, 0:max(d$k))) ~ 1, x)
    for (cause in sort(setdiff(unique(x$k), 0)))
      say(name, paste(group, cause, "incidence", sep = "|"), aj$time, aj$pstate[, 1 + cause], aj$std.err[, 1 + cause])
  }
}
# Delayed entry: the mgus2 patients on the scale of age, in months
l <- data.frame(s = round(12 * mgus2$age), t = round(12 * mgus2$age) + mgus2$futime, e = mgus2$death, g = mgus2$sex)
l <- l[l$t > l$s, ]; keep(l, "ages")
for (group in c("F", "M")) {
  km <- survfit(Surv(s, t, e) ~ 1, l[l$g == group, ], conf.type = "log-log")
  say("ages", paste0(group, "|time"), km$time); say("ages", paste0(group, "|n_risk"), km$n.risk)
  say("ages", paste0(group, "|estimate"), km$surv)
  say("ages", paste0(group, "|lower"), km$lower); say("ages", paste0(group, "|upper"), km$upper)
}
