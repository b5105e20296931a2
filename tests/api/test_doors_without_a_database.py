"""Every door while the database cannot be reached, and whatever is sent there: a sentence, and no error of ours."""
