"""From a raw RQ-PCR plate to an MRD level with its reasons."""
