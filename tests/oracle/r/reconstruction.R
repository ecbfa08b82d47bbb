# Individual times of data sets that ship with R's survival package, for curves to be printed and reconstructed.
# Rscript reconstruction.R > reconstruction.out
suppressPackageStartupMessages(library(survival))
cat("survival", as.character(packageVersion("survival")), "\n")
show <- function(name, time, status) cat(name, paste0(time, ifelse(status == 1, "", "+")), "\n")
show("aml", aml$time, aml$status)
show("aml-maintained", aml$time[aml$x == "Maintained"], aml$status[aml$x == "Maintained"])
show("ovarian", ovarian$futime, ovarian$fustat)
show("veteran", veteran$time, veteran$status)
show("lung", lung$time, lung$status - 1)
