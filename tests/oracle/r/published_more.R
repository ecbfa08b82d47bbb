# The other data sets of R's survival package: each as CSV into a folder as R holds it, and what survival says of it to stdout.
# Rscript published_more.R FOLDER | grep -v "|curve" > published_more.out. The data are R's and are not kept here: they are written anew for every run.
suppressMessages({library(survival); library(cmprsk)})
options(digits = 17, width = 10000)
folder <- commandArgs(TRUE)[1]
say <- function(...) cat(..., "\n")
keep <- function(d, name) write.csv(d, file.path(folder, paste0(name, ".csv")), row.names = FALSE, na = "")
say("R", as.character(getRversion()), as.character(packageVersion("survival")))
days <- function(x, by) floor(x * by + 0.5)
month <- 365.25 / 12
# Times with half days (stanford2, jasa1) are doubled; genfan's are whole hours that R holds as 459.99999999999994.
stanford2$time <- 2 * stanford2$time
jasa1 <- transform(jasa1, start = 2 * start, stop = 2 * stop)
genfan$hours <- round(genfan$hours)
# name: data as they are, then the columns: time, event, group, stratum, entry, and covariates of a model
sets <- list(
  aml = list(aml, "time", "status", "x"),
  colon = list(colon[colon$etype == 2, ], "time", "status", "rx", "node4", "", c("age", "nodes", "sex")),
  rats = list(rats, "time", "status", "rx", "sex", "", c("rx"), "litter"),
  stanford2 = list(stanford2, "time", "status", "", "", "", c("age", "t5")),
  nafld1 = list(nafld1, "futime", "status", "male", "", "", c("age", "male", "bmi")),
  gbsg = list(gbsg, "rfstime", "status", "hormon", "meno", "", c("age", "size", "nodes", "pgr", "er")),
  rotterdam = list(rotterdam, "dtime", "death", "grade", "hormon", "", c("age", "nodes", "meno")),
  myeloid = list(myeloid, "futime", "death", "trt", "sex"),
  flchain = list(flchain, "futime", "death", "sex", "flc.grp", "", c("age", "kappa", "lambda")),
  nwtco = list(nwtco, "edrel", "rel", "histol", "study", "", c("age", "stage", "histol")),
  mgus = list(mgus, "futime", "death", "sex", "", "", c("age", "alb", "mspike")),
  cgd = list(cgd, "tstop", "status", "treat", "sex", "tstart", c("age", "steroids", "propylac"), "id"),
  bladder2 = list(bladder2[bladder2$stop > bladder2$start, ], "stop", "event", "rx", "enum", "start",
                  c("rx", "size", "number"), "id"),
  myeloma = list(myeloma[myeloma$futime > myeloma$entry, ], "futime", "death", "", "", "entry", c("year")),
  jasa1 = list(jasa1[jasa1$stop > jasa1$start, ], "stop", "event", "transplant", "", "start",
               c("age", "surgery", "transplant"), "id"),
  rats2 = list(rats2[rats2$time2 > rats2$time1, ], "time2", "status", "trt", "", "time1", c("trt"), "id"),
  valveSeat = list(valveSeat[valveSeat$time > 0, ], "time", "status", ""),
  genfan = list(genfan, "hours", "status", ""),
  retinopathy = list(retinopathy, "futime", "status", "trt", "type", "", c("trt", "age", "risk"), "id", month))
models <- function(name, d, surv, x, stratum, entry) {
  told <- function(what, plus = "", ...) {
    f <- do.call(coxph, list(as.formula(paste(surv, "~", paste(x, collapse = "+"), plus)), quote(d), ...))
    of <- paste0("cox|", what, "|")
    say(name, paste0(of, "coefficient"), coef(f)); say(name, paste0(of, "se"), sqrt(diag(vcov(f))))
    say(name, paste0(of, "tests"), 2 * diff(f$loglik), f$score); say(name, paste0(of, "n"), f$n, f$nevent)
    f
  }
  f <- told("efron")
  say(name, "zph", cox.zph(f, transform = "identity", terms = FALSE)$table[, "chisq"])
  told("breslow", ties = "breslow")
  if (!entry) told("robust", robust = TRUE)
  if (!is.null(d$cluster_)) told("cluster", cluster = quote(cluster_))
  if (stratum != "") told("strata", paste0("+ strata(", stratum, ")"))
}
for (name in names(sets)) {
  s <- sets[[name]]; s <- c(s, rep(list(""), 9 - length(s)))
  d <- s[[1]]; keep(d, name)
  at <- function(i) s[[i]][1]
  d$time_ <- d[[at(2)]]; d$event_ <- d[[at(3)]]; d$group_ <- if (at(4) == "") "" else as.character(d[[at(4)]])
  if (at(9) != "") d$time_ <- days(d$time_, as.numeric(at(9)))
  if (at(6) != "") d$entry_ <- d[[at(6)]]
  surv <- if (at(6) == "") "Surv(time_, event_)" else "Surv(entry_, time_, event_)"
  of <- function(right) as.formula(paste(surv, "~", right))
  for (group in sort(unique(d$group_))) {
    x <- d[d$group_ == group, ]
    for (type in c("plain", "log", "log-log", "arcsin")) {
      km <- survfit(of("1"), x, conf.type = type); q <- quantile(km, c(.25, .5, .75))
      say(name, paste(group, type, "curve", sep = "|"), km$time, km$n.risk, km$surv, km$lower, km$upper)
      say(name, paste(group, type, "quartiles", sep = "|"), q$quantile, q$lower, q$upper)
    }
    half <- floor(max(x$time_) / 2); mean <- survival:::survmean(km, rmean = half)$matrix
    say(name, paste0(group, "|rmst"), half, mean["rmean"], mean["se(rmean)"])
    say(name, paste0(group, "|hazard"), half, summary(km, times = half)$cumhaz)
  }
  if (at(4) != "" && at(6) == "") {
    for (rho in 0:1) say(name, paste0("survdiff.", rho), survdiff(of("group_"), d, rho = rho)$chisq)
    if (at(5) != "") for (rho in 0:1) say(name, paste0("stratified.", rho),
      survdiff(of(paste0("group_ + strata(", at(5), ")")), d, rho = rho)$chisq)
  }
  if (at(8) != "") d$cluster_ <- d[[at(8)]]
  if (at(7) != "") models(name, d, surv, s[[7]], at(5), at(6) != "")
}
