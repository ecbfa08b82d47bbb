# Exact limits of a two-source total by R's hypergeometric tails, trying every whole total in turn.
# Rscript capture.R > capture.out
options(digits = 17)
cat("#", R.version.string, "\n")
cat("first second both lower upper\n")
cases <- list(c(9, 8, 6), c(8, 7, 4), c(11, 11, 11), c(5, 4, 1), c(3, 2, 2), c(20, 3, 2), c(60, 45, 20), c(200, 150, 60))
for (x in cases) {
  totals <- (x[1] + x[2] - x[3]):20000
  below <- phyper(x[3], x[1], totals - x[1], x[2])
  above <- phyper(x[3] - 1, x[1], totals - x[1], x[2], lower.tail = FALSE)
  inside <- totals[below > 0.025 & above > 0.025]
  cat(x, min(inside), max(inside), "\n")
}
