"""What `python -m agns COMMAND --FLAG=VALUE ...` runs."""

from shared.subcommands import run_package


def main():
    """What the console command runs; see `shared.subcommands`."""
    run_package("agns")


if __name__ == "__main__":
    main()
