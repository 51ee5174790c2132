"""The claims of the lecture notes, put to the test.

Read it in this order: ``data.py`` (what the networks learn), ``cases.py`` (each case of the
notes: how it starts and what is claimed), ``runner.py`` (a case becomes a result),
``walkthrough.py`` (or is worked by hand), ``narration.py`` (the result as text or JSON),
``plots.py`` (as a picture), ``cli.py`` (the command line).
"""
