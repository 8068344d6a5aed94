"""Owns the commands about the models of routing: training one, listing them, going back to an earlier one."""

import json
import os
from argparse import Namespace
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

from config import Settings
from tracker.cli.failures import DONE, PROBLEMS, UsageError, say
from tracker.opening import clock, open_database, open_house, open_routing


def train(arguments: Namespace) -> int:
    """Train a model on the product's texts and on what staff taught; it comes into force unless it is worse."""
    from tracker.casework.house import SYSTEM
    from tracker.casework.learning import learn
    from tracker.routing.examples import shipped_examples
    from tracker.routing.training import TrainingError

    if arguments.shipped:
        return _train_shipped(arguments)
    settings = Settings.from_env(os.environ)
    with closing(open_database(settings)) as database:
        house = open_house(settings, open_routing(settings, database))
        try:
            learned = learn(
                database, house, shipped_examples(), actor=SYSTEM, now=clock(), keep=not arguments.dry_run
            )
        except TrainingError as error:
            return say(str(error), PROBLEMS)
    told = learned.to_json() | {"in_force": not arguments.dry_run}
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(_in_words(told))
        print("Nothing was kept." if arguments.dry_run else f"Model {told['version']} is in force.")
    return DONE


def _in_words(told: dict[str, Any]) -> str:
    compared = told["compared"]
    return (
        f"Model {told['version']} learnt from {told['examples']} texts, {told['corrections']} of them by staff:"
        f" {100 * told['first']:.1f} of 100 right or acceptable first, {100 * told['among_three']:.1f} among three.\n"
        f"Of {compared['texts']} texts that neither was trained on, it has {compared['after']} right and model"
        f" {told['replaced']} {compared['before']}: {compared['gained']} gained, {compared['lost']} lost."
    )


def _train_shipped(arguments: Namespace) -> int:
    """Train the model that comes with the product anew, from its own texts alone, and write it into the product."""
    from tracker.routing.directory import load_directory
    from tracker.routing.evidence import Reader
    from tracker.routing.examples import shipped_examples
    from tracker.routing.meaning import Meaning
    from tracker.routing.training import train as trained

    model = trained(shipped_examples(), Reader(load_directory()), Meaning())
    path = Path(str(files("tracker.routing") / "data" / "model.npz"))
    if not arguments.dry_run:
        path.write_bytes(model.to_bytes())
    if arguments.json:
        print(json.dumps(dict(model.about), ensure_ascii=False))
    else:
        about = model.about
        print(
            f"Model {model.version}: {about['examples']} texts, {100 * about['first']:.1f} of 100 right or acceptable"
            f" first, {100 * about['among_three']:.1f} among three."
        )
        print("Nothing was written." if arguments.dry_run else f"It is in {path}.")
    return DONE


def models(arguments: Namespace) -> int:
    """List the models, the newest first, and how many corrections wait to be learnt."""
    from tracker.insight.routing import models as account
    from tracker.routing.model import shipped_model

    with closing(open_database(Settings.from_env(os.environ))) as database, database.reading() as session:
        found = account(session, shipped_model().about)
    rows: list[dict[str, Any]] = [
        {
            "version": one.version,
            "shipped": one.shipped,
            "in_force": one.in_force,
            "trained_at": one.trained_at.isoformat() if one.trained_at else None,
            "trained_by": one.trained_by,
            "figures": dict(one.figures),
        }
        for one in found.models
    ]
    if arguments.json:
        told = {"models": rows, "corrections": found.corrections, "confirmations": found.confirmations}
        print(json.dumps(told, ensure_ascii=False))
        return DONE
    for row in rows:
        came = row["trained_at"] or "came with the product"
        mark = "in force" if row["in_force"] else ""
        share = 100 * row["figures"].get("first", 0)
        print(f"{row['version']:<14} {share:5.1f} of 100 first  {came:<34} {mark}".rstrip())
    print(f"{found.corrections} corrections and {found.confirmations} confirmations wait to be learnt.")
    return DONE


def use(arguments: Namespace) -> int:
    """Put a model in force that is kept here, or the one that came with the product."""
    from tracker.casework.house import SYSTEM
    from tracker.casework.learning import put_in_force
    from tracker.routing.model import shipped_model

    version = shipped_model().version if arguments.version == "shipped" else arguments.version
    if not version.strip():
        raise UsageError("VERSION is empty: `tracker route models` lists them.")
    with closing(open_database(Settings.from_env(os.environ))) as database, database.writing() as session:
        put_in_force(session, version, actor=SYSTEM, now=clock())
    print(f"Model {version} is in force.")
    return DONE
