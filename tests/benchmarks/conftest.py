"""What pytest leaves alone here: what needs other packages, and what is run by `-m`."""

collect_ignore_glob = ["peers/*", "worker.py", "__main__.py"]
