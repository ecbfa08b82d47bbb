"""Several lists to one list of cases: who is the same child, who was found how, who is only named in minutes."""
