"""Flags whose defaults a named preset holds."""

from absl import flags

DEFINE = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def define_preset_flags(presets, default, help_of, choices=()) -> None:
    """Defines --preset and a flag for each of a preset's settings.

    A setting's flag is None until a person gives it (`preset_settings`), and
    has the type of the setting's value.

    Args:
        presets: Settings by preset name; all presets have the same settings.
        default: Name of the preset that is taken without --preset.
        help_of: Callable from a setting's name to what it means.
        choices: Allowed values by setting name, where they are few.
    """
    flags.DEFINE_enum("preset", default, list(presets), "Named defaults.")
    for name, value in presets[default].items():
        text = f"{help_of(name)} Default: the preset's."
        if name in choices:
            flags.DEFINE_enum(name, None, choices[name], text)
        else:
            DEFINE[type(value)](name, None, text)


def preset_settings(presets) -> dict:
    """Merges the preset that --preset names with the flags that were given."""
    values = flags.FLAGS
    settings = dict(presets[values.preset])
    for name in settings:
        if values[name].value is not None:
            settings[name] = values[name].value
    return settings
