"""Which start trains my network: every start at its best rate, judged on rows it has not seen."""
