"""Modules tested elsewhere than at their mirrored path; see test_mirror.

By why, and by the test.
"""

EXCEPTIONS = {
    "A table of numbers: the training that reads it is tested.": {
        "dcgan/test_train.py": [
            "dcgan/presets.py",
        ],
        "malicious_ae/test_train_from_python.py": [
            "malicious_ae/presets.py",
        ],
        "stegastamp/test_schedule.py": [
            "stegastamp/presets.py",
        ],
        "stego/test_game.py": [
            "stego/presets.py",
        ],
    },
    "Flags alone: the commands that define them are tested.": {
        "agns/test_attack.py": [
            "agns/attack_flags.py",
        ],
        "dcgan/test_train.py": [
            "dcgan/data_flags.py",
        ],
        "malicious_ae/test_train.py": [
            "malicious_ae/device.py",
            "malicious_ae/flags.py",
        ],
        "shared/training/test_checkpoint.py": [
            "shared/training/options.py",
        ],
    },
    "A link of the chain: every knob and record passes the same tests.": {
        "stegastamp/distortions/test_distortions.py": [
            "stegastamp/distortions/blur.py",
            "stegastamp/distortions/geometry.py",
            "stegastamp/distortions/jpeg.py",
            "stegastamp/distortions/noise.py",
            "stegastamp/distortions/record.py",
            "stegastamp/distortions/webp.py",
        ],
    },
    "One of three architectures, which pass the same tests.": {
        "stego/test_networks.py": [
            "stego/residual_networks.py",
        ],
    },
    "What it does is seen in what its one user does.": {
        "agns/test_export.py": [
            "agns/models.py",
        ],
        "dcgan/test_evaluate.py": [
            "dcgan/report.py",
        ],
        "dcgan/test_train.py": [
            "dcgan/pictures.py",
            "dcgan/watch.py",
        ],
        "malicious_ae/test_evaluate.py": [
            "malicious_ae/report.py",
        ],
        "malicious_ae/test_train_from_python.py": [
            "malicious_ae/models.py",
        ],
        "shared/test_metadata.py": [
            "shared/metadata_blocks.py",
        ],
        "shared/test_what_is_kept.py": [
            "shared/metadata_fit.py",
        ],
        "shared/training/test_checkpoint.py": [
            "shared/training/callbacks.py",
            "shared/training/curves.py",
        ],
        "stegastamp/test_evaluate.py": [
            "stegastamp/report.py",
        ],
        "stego/test_evaluate.py": [
            "stego/report.py",
        ],
        "stego/test_judges.py": [
            "stego/steganalyser.py",
        ],
        "stego/test_sealed.py": [
            "stego/words.py",
        ],
    },
    "A command: what a person does with several of them is one test.": {
        "malicious_ae/test_train.py": [
            "malicious_ae/train_attacker.py",
            "malicious_ae/train_victim.py",
        ],
    },
}
