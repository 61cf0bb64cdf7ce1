"""`python -m autodiscover_exporter`: the same as the command of that name."""

from autodiscover_exporter import run

if __name__ == "__main__":
    run()
