# Standard curves by R's lm(), and amounts read from them by inverting its prediction intervals numerically.
# Usage: Rscript pcr_lines.R > pcr_lines.out     (base R only)
cat("#", R.version.string, "\n")
say <- function(case, what, ...) cat(case, what, formatC(c(...), digits = 15, format = "g"), "\n")
cases <- read.csv("pcr_lines.csv")
for (case in unique(cases$case)) {
  points <- cases[cases$case == case, ]
  x <- log10(points$amount)
  fit <- lm(points$cq ~ x)
  say(case, "line", coef(fit)[[2]], coef(fit)[[1]], cor(x, points$cq), summary(fit)$r.squared, summary(fit)$sigma)
  for (wells in c(1, 3)) {
    cq <- mean(points$cq) + 1.7
    band <- function(at, side) {
      p <- predict(fit, data.frame(x = at), se.fit = TRUE)
      half <- qt(0.975, fit$df.residual) * sqrt(p$se.fit^2 + summary(fit)$sigma^2 / wells)
      p$fit + side * half - cq
    }
    middle <- (cq - coef(fit)[[1]]) / coef(fit)[[2]]
    ends <- c(uniroot(band, middle + c(-6, 0), side = -1, tol = 1e-13)$root,
              uniroot(band, middle + c(0, 6), side = 1, tol = 1e-13)$root)
    say(case, paste0("read", wells), cq, middle, ends)
  }
}
say("student", "quantiles", qt(0.975, c(1, 2, 3, 7, 10, 40, 1000)))
