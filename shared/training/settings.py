"""What a training can be told: each setting once, for flags and for Python.

    SETTINGS = Settings(
        {"steps": Setting("Steps altogether.", 1000, low=1, resumable=True)}
    )
    SETTINGS.define_flags()             # in a command
    settings = SETTINGS.from_flags()
    settings = SETTINGS.choose(steps=5)  # in a notebook

Either gives a dict of all settings by name.
"""

import dataclasses

from absl import flags

from shared.errors import UserError

_UNSTATED = object()
_DEFINE = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    list: flags.DEFINE_list,
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """One setting of a training.

    Attributes:
        help: What it means.
        default: Its value where nothing is said; None where presets hold it.
        kind: bool, int, float, str or list (of str). Default: the type of the
            default or of the preset's value.
        choices: The values that it may have, where they are few.
        low: Least value.
        high: Greatest value.
        resumable: Whether a run may go on with another value. What it may not
            go on with, another run directory must be named for.
        before: What runs were made with that do not state it, since it did
            not exist yet: a value, or a function of their configuration.
    """

    help: str
    default: object = None
    kind: type | None = None
    choices: tuple = ()
    low: float | None = None
    high: float | None = None
    resumable: bool = False
    before: object = _UNSTATED

    def check(self, name: str, value) -> None:
        """Raises UserError, naming the flag, for a value that makes no sense.

        None is a value where it is the default.
        """
        if value is None and self.default is None:
            return
        if self.choices and value not in self.choices:
            raise UserError(
                f"--{name}={value}: must be one of "
                f"{', '.join(map(str, self.choices))}"
            )
        low, high = self.low, self.high
        if low is not None and not value >= low:
            raise UserError(f"--{name}={value}: must be at least {low}")
        if high is not None and not value <= high:
            raise UserError(f"--{name}={value}: must be at most {high}")


class Settings:
    """All settings of a training.

    Args:
        table: Setting by name.
        presets: Values by setting name, by preset name; each preset has the
            same settings, all of them in `table`.
        preset: Name of the preset that is taken where none is named.
        costs: By preset name: what a training with it costs, and the number
            to expect.
    """

    def __init__(self, table, presets=None, preset=None, costs=None):
        self.table = dict(table)
        self.presets = presets or {}
        self.preset = preset
        self.costs = costs or {}

    def define_flags(self, values=flags.FLAGS) -> None:
        """Defines a flag for each setting, and --preset.

        A flag is None until a person gives it, where presets hold its value.
        """
        if self.presets:
            known = "; ".join(
                f"{name}: {self.costs[name]}"
                for name in self.presets
                if name in self.costs
            )
            flags.DEFINE_enum(
                "preset",
                self.preset,
                list(self.presets),
                f"Named defaults. {known}".strip(),
                flag_values=values,
            )
        held = self.presets.get(self.preset, {})
        for name, setting in self.table.items():
            default, text = setting.default, setting.help
            kind = setting.kind or type(held.get(name, default))
            if name in held:
                default, text = None, f"{text} Default: the preset's."
            if setting.choices and kind is str:
                flags.DEFINE_enum(
                    name,
                    default,
                    list(setting.choices),
                    text,
                    flag_values=values,
                )
            else:
                _DEFINE[kind](name, default, text, flag_values=values)

    def from_flags(self, values=flags.FLAGS) -> dict:
        """The settings that a command line asks for.

        Raises:
            UserError: Naming a flag whose value makes no sense.
        """
        preset = values.preset if self.presets else None
        held = self.presets.get(preset, {})
        given = {name: values[name].value for name in self.table}
        return self.choose(
            preset,
            **{
                name: value
                for name, value in given.items()
                if value is not None or name not in held
            },
        )

    def choose(self, preset=None, **changes) -> dict:
        """The settings of a preset, with changes.

        Args:
            preset: Name of a preset; None means the default.
            **changes: Values by setting name.

        Returns:
            Dict of all settings; with presets, `preset` is among them.

        Raises:
            UserError: If there is no such preset or setting, or a value makes
                no sense.
        """
        preset = preset or self.preset
        if self.presets and preset not in self.presets:
            raise UserError(
                f"--preset={preset}: must be one of {', '.join(self.presets)}"
            )
        unknown = sorted(changes.keys() - self.table.keys())
        if unknown:
            raise UserError(
                f"{unknown[0]}: no such setting; there are "
                f"{', '.join(self.table)}"
            )
        chosen = {name: s.default for name, s in self.table.items()}
        chosen |= self.presets.get(preset, {}) | changes
        for name, setting in self.table.items():
            setting.check(name, chosen[name])
        return chosen | ({"preset": preset} if self.presets else {})

    def parts(self, settings) -> tuple[dict, dict]:
        """Divides settings: what a run may not change, and the others."""
        fixed, flexible = {}, {}
        for name, value in settings.items():
            known = self.table.get(name)
            part = flexible if known and known.resumable else fixed
            part[name] = value
        return fixed, flexible

    def stated_since(self, config: dict) -> dict:
        """A run's configuration with what it did not state when it began."""
        since = {}
        for name, setting in self.table.items():
            if setting.before is not _UNSTATED:
                before = setting.before
                since[name] = before(config) if callable(before) else before
        return since | config
