# Cq without our baseline: the five-parameter log-logistic curve of qpcR (Spiess, Feig & Ritz 2008), fitted by nls() to
# every standard, read at a tenth of the target's fitted height; and the line through them by lm().
# Usage: Rscript pcr_logistic.R CURVES.csv > pcr_logistic.out     (base R only)
# CURVES.csv: target,well,copies,cycle,fluor; the published plates are not ours to keep here.
cat("#", R.version.string, "\n")
curves <- read.csv(commandArgs(trailingOnly = TRUE)[1])
say <- function(case, what, ...) cat(case, what, formatC(c(...), digits = 8, format = "g"), "\n")
fit <- function(x, y) {
  best <- NULL
  for (b in c(-20, -40)) for (f in c(0.5, 1, 2)) {
    start <- list(b = b, c = median(y[3:10]), d = max(y), e = x[which.max(diff(y))], f = f)
    found <- suppressWarnings(try(nls(y ~ c + (d - c) / (1 + exp(b * (log(x) - log(e))))^f, start = start,
      algorithm = "port", control = nls.control(maxiter = 500, warnOnly = TRUE)), silent = TRUE))
    if (!inherits(found, "try-error") && (is.null(best) || deviance(found) < deviance(best))) best <- found
  }
  coef(best)
}
for (target in unique(curves$target)) {
  here <- curves[curves$target == target, ]
  wells <- split(here, here$well)
  found <- t(sapply(wells, function(well) fit(well$cycle, well$fluor)))
  copies <- sapply(wells, function(well) well$copies[1])
  height <- found[, "d"] - found[, "c"]
  line <- 0.1 * median(height)
  cq <- exp(log(found[, "e"]) + log((height / line)^(1 / found[, "f"]) - 1) / found[, "b"])
  straight <- summary(lm(cq ~ log10(copies)))
  say(target, "line", straight$coefficients[2, 1], cor(cq, log10(copies)), straight$coefficients[2, 2])
  for (well in names(wells)) say(target, well, cq[[well]])
}
