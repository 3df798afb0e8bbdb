"""Everything that a training of ours has around its game.

A training is a function of `RunOptions` (how it is run), a dict of settings
(what is learned, see `Settings`) and data.
"""

from shared.training.batches import StepBatches
from shared.training.callbacks import HaltOnNaN, ProgressBar
from shared.training.checkpoint import Checkpoint, restore, resume, sync_weights
from shared.training.fit import fit_run
from shared.training.options import RunOptions, limit_threads
from shared.training.run_dir import (
    CHECKPOINTS,
    CONFIG,
    METRICS,
    find_checkpoint,
    go_back,
    latest_checkpoint,
    open_run,
    write_text,
)
from shared.training.run_files import load_weights, read_config
from shared.training.settings import Setting, Settings

__all__ = [
    "CHECKPOINTS",
    "CONFIG",
    "METRICS",
    "Checkpoint",
    "HaltOnNaN",
    "ProgressBar",
    "RunOptions",
    "Setting",
    "Settings",
    "StepBatches",
    "find_checkpoint",
    "fit_run",
    "go_back",
    "latest_checkpoint",
    "limit_threads",
    "load_weights",
    "open_run",
    "read_config",
    "restore",
    "resume",
    "sync_weights",
    "write_text",
]
