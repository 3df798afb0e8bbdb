"""What an evaluation found, as one JSON object and as pictures."""

import numpy as np

from agns.attack_run import DEFAULT_STOP
from agns.frames import wear
from agns.pictures import unit_to_uint8
from shared.grids import image_grid, write_png
from shared.intervals import wilson_interval


def is_success(record, baseline):
    """Whether an attack did what no untaught glasses of the control do."""
    control = baseline[f"{record['attacker']} as {record['person']}"]["random"]
    stop = DEFAULT_STOP[record["kind"]]
    if record["kind"] == "dodging":
        by_chance = control["least"] <= stop
    else:
        by_chance = control["greatest"] >= stop
    return bool(record["succeeded"] and not by_chance)


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
    for kind in DEFAULT_STOP:
        mine = [record for record in records if record["kind"] == kind]
        if not mine:
            continue
        succeeded = sum(is_success(record, baseline) for record in mine)
        keys = {f"{r['attacker']} as {r['person']}" for r in mine}
        rows = [baseline[key] for key in sorted(keys)]
        best = "least" if kind == "dodging" else "greatest"
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
            name: {
                "mean": float(np.mean([row[name]["mean"] for row in rows])),
                "best": float(np.mean([row[name][best] for row in rows])),
                "reach_the_goal": sum(
                    row[name][best] <= DEFAULT_STOP[kind]
                    if kind == "dodging"
                    else row[name][best] >= DEFAULT_STOP[kind]
                    for row in rows
                ),
                "of": len(rows),
            }
            for name in rows[0]
            if name != "bare"
        }
    return summary


def write_pictures(folder, records, baseline, photos, mask):
    """Writes `curves.png`, `success.png` and `contact_sheet.png`."""
    from matplotlib.figure import Figure

    kinds = [k for k in DEFAULT_STOP if any(r["kind"] == k for r in records)]
    if not kinds:
        return
    figure = Figure(figsize=(5 * len(kinds), 3.4), layout="constrained")
    for axes, kind in zip(
        figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True
    ):
        for record in (r for r in records if r["kind"] == kind):
            every = record["steps"] / len(record["path"])
            steps = every * np.arange(1, len(record["path"]) + 1)
            color = "tab:green" if record["succeeded"] else "tab:red"
            axes.plot(steps, record["path"], color=color, alpha=0.5)
        axes.axhline(DEFAULT_STOP[kind], color="black", linewidth=0.8)
        axes.set_title(kind)
        axes.set_xlabel("step")
        axes.set_ylabel("mean probability, held out")
        if kind == "dodging":
            axes.set_yscale("log")
    figure.savefig(folder / "curves.png", dpi=110)

    figure = Figure(figsize=(5 * len(kinds), 3.4), layout="constrained")
    for axes, kind in zip(
        figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True
    ):
        mine = [r for r in records if r["kind"] == kind]
        keys = {f"{r['attacker']} as {r['person']}" for r in mine}
        rows = [baseline[key] for key in sorted(keys)]
        bars = {"none": [row["bare"] for row in rows]}
        for name in rows[0]:
            if name != "bare":
                bars[name] = [row[name]["mean"] for row in rows]
        bars["attack"] = [r["probability"] for r in mine]
        axes.boxplot(list(bars.values()), tick_labels=list(bars))
        axes.set_ylabel("mean probability of the person")
        axes.set_title(kind)
    figure.savefig(folder / "success.png", dpi=110)

    shown = []
    for record in records:
        if record["seed"]:
            continue
        glasses = np.load(folder / "glasses" / f"{record['name']}.npy")
        pair = glasses[None].astype(np.float32) / 127.5 - 1.0
        face = photos[record["attacker"]].test[:1]
        shown.append(unit_to_uint8(wear(pair, face, mask))[0])
    if shown:
        sheet = image_grid(np.stack(shown), 5)
        write_png(folder / "contact_sheet.png", sheet, overwrite=True)
