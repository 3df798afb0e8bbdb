"""What an evaluation found, as one JSON object and as pictures."""

import io

import numpy as np

from agns.frames import wear
from agns.goals import GOALS, find_goal
from shared.grids import image_grid
from shared.measures.intervals import wilson_interval
from shared.ranges import levels_to_signed, unit_to_levels


def control_of(record):
    """The name of the controls of an ended attack."""
    goal = find_goal(record["kind"])
    return goal.control(record["attacker"], record["person"])


def _controls(records):
    return sorted(set(map(control_of, records)))


def is_success(record, baseline):
    """Whether an attack did what no untaught glasses of the control do.

    Raises:
        ValueError: if nobody here can judge its kind.
    """
    goal = find_goal(record["kind"])
    control = baseline[control_of(record)]["random"]
    by_chance = goal.reached(goal.best_control(control))
    return bool(record["succeeded"] and not by_chance)


def by_goal(records, baseline):
    """Ended attacks, and their controls, of each goal that has any.

    Returns:
        dict from the goal's name to (records, controls), in the order of
        `agns.goals.GOALS`.

    Raises:
        ValueError: if nobody here can judge the kind of one.
    """
    found = {name: [] for name in GOALS}
    for record in records:
        found[find_goal(record["kind"]).name].append(record)
    return {
        name: (
            mine,
            [baseline[key] for key in sorted({*map(control_of, mine)})],
        )
        for name, mine in found.items()
        if mine
    }


def summarize(clean, baseline, records):
    """Rates with intervals, controls in the mean, transfer.

    Args:
        clean: `accuracy_table` by recogniser.
        baseline: What `agns.controls.measure` found.
        records: Ended attacks.

    Returns:
        dict of JSON values.
    """
    summary = {
        "recognition": {
            model: {
                key: table[key]
                for key in ("photos", "right", "accuracy", "true_probability")
            }
            for model, table in clean.items()
        },
        "attacks": {},
        "controls": {},
    }
    for kind, (mine, rows) in by_goal(records, baseline).items():
        succeeded = sum(is_success(record, baseline) for record in mine)
        summary["attacks"][kind] = {
            "attacks": len(mine),
            "succeeded": succeeded,
            "rate": succeeded / len(mine),
            "interval": wilson_interval(succeeded, len(mine)),
            "mean_probability": float(
                np.mean([record["probability"] for record in mine])
            ),
            "median_steps": float(
                np.median([record["steps"] for record in mine])
            ),
            "transfer_mean_probability": {
                model: float(np.mean([r["transfer"][model] for r in mine]))
                for model in mine[0]["transfer"]
            },
        }
        summary["controls"][kind] = {
            "no_glasses": float(np.mean([row["bare"] for row in rows]))
        } | {
            name: _summarize_control(GOALS[kind], [row[name] for row in rows])
            for name in rows[0]
            if name != "bare"
        }
    return summary


def _summarize_control(goal, rows):
    best = [goal.best_control(row) for row in rows]
    return {
        "mean": float(np.mean([row["mean"] for row in rows])),
        "best": float(np.mean(best)),
        "reach_the_goal": sum(map(goal.reached, best)),
        "of": len(rows),
    }


def _png(figure):
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    return data.getvalue()


def draw_pictures(folder, records, baseline, photos, mask):
    """Draws what there is to see of an evaluation.

    Args:
        folder: Of the report, with the `glasses` of its attacks.
        records: Ended attacks.
        baseline: What `agns.controls.measure` found.
        photos: `agns.attack_run.Photos` by attacker.
        mask: Of `agns.frames.load_mask`.

    Returns:
        dict of pictures by the file's name: `curves.png`, `success.png` and
        `contact_sheet.png`, as far as there are attacks.
    """
    from matplotlib.figure import Figure

    goals = by_goal(records, baseline)
    if not goals:
        return {}
    size = (5 * len(goals), 3.4)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(goals), squeeze=False)[0]
    for axes, (kind, (mine, _)) in zip(panels, goals.items(), strict=True):
        for record in mine:
            every = record["steps"] / len(record["path"])
            steps = every * np.arange(1, len(record["path"]) + 1)
            color = "tab:green" if record["succeeded"] else "tab:red"
            axes.plot(steps, record["path"], color=color, alpha=0.5)
        axes.axhline(GOALS[kind].stop, color="black", linewidth=0.8)
        axes.set_title(kind)
        axes.set_xlabel("step")
        axes.set_ylabel("mean probability, held out")
        if GOALS[kind].falls:
            axes.set_yscale("log")
    drawn = {"curves.png": _png(figure)}

    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(goals), squeeze=False)[0]
    for axes, (kind, (mine, rows)) in zip(panels, goals.items(), strict=True):
        bars = {"none": [row["bare"] for row in rows]}
        for name in rows[0]:
            if name != "bare":
                bars[name] = [row[name]["mean"] for row in rows]
        bars["attack"] = [r["probability"] for r in mine]
        axes.boxplot(list(bars.values()), tick_labels=list(bars))
        axes.set_ylabel("mean probability of the person")
        axes.set_title(kind)
    drawn["success.png"] = _png(figure)

    shown = []
    for record in records:
        if record["seed"]:
            continue
        glasses = np.load(folder / "glasses" / f"{record['name']}.npy")
        pair = levels_to_signed(glasses[None])
        face = photos[record["attacker"]].test[:1]
        shown.append(unit_to_levels(wear(pair, face, mask))[0])
    if shown:
        drawn["contact_sheet.png"] = image_grid(np.stack(shown), 5)
    return drawn
