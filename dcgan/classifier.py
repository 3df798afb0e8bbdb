"""`dcgan.train_classifier` under its earlier name."""

from dcgan.train_classifier import build_classifier, define_flags, main
from shared.command import run_main

__all__ = ["build_classifier", "define_flags", "main"]

if __name__ == "__main__":
    define_flags()
    run_main(main)
