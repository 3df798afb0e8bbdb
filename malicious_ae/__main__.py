"""What `python -m malicious_ae COMMAND --FLAG=VALUE ...` runs."""

from shared.subcommands import run_package


def main():
    """What the console command runs; see `shared.subcommands`."""
    run_package("malicious_ae")


if __name__ == "__main__":
    main()
