"""The claims of the lecture notes, put to the test.

One room for each experiment, and in every room the same files: ``measure.py`` (what is run
becomes a result), ``text.py`` (the result as text, JSON and one sentence), ``figure.py`` (as a
picture), ``command.py`` (its command). What all rooms share is in ``kit/``.

Read it in this order: ``data.py`` (what the networks learn), ``kit/starts.py`` (how they start),
``case/cases.py`` (each case of the notes and what is claimed), ``case/measure.py`` (a case
becomes a result), ``case/text.py``, ``case/figure.py``, ``case/command.py``, ``cli.py``.
"""
