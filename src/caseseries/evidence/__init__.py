"""Published numbers, ours and theirs: can they be true together, and how does our cohort compare?"""
