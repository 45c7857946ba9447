"""Hard and soft labels trained the same way, nothing chosen for soft ones: where do gains like the paper's appear?"""

from boundcheck.experiments.distill import Study
from boundcheck.experiments.estimates import estimate, paired
from boundcheck.records.reproduce import Choice, EqualFooting

RADII = (10.0, 30.0, 100.0, 300.0)  # from one that binds at every width to one that no student of 4 to 8 neurons meets


def equal_footing(study: Study) -> list[EqualFooting]:
    """Both kinds of labels at one radius, at the step size that is best for hard labels there, at each temperature.

    On the trial and validation rows, `settings.runs` initialisations each, the same for both.
    """
    settings, found = study.settings, []
    temperatures = sorted({choice.temperature for choice in settings.soft_grid})
    for radius in RADII:
        grid = tuple(choice for choice in settings.hard_grid if choice.radius == radius)
        best = study.choose("hard", dict.fromkeys(settings.widths if grid else (), grid))
        ways = {w: [Choice(one.choice.step_size, radius, tau) for tau in temperatures] for w, one in best.items()}
        hard_jobs = {w: study.jobs("hard", one.choice, w, "validation", settings.runs) for w, one in best.items()}
        soft_jobs = {(w, way): study.jobs("soft", way, w, "validation", settings.runs) for w in ways for way in ways[w]}
        every = [*hard_jobs.values(), *soft_jobs.values()]
        right = study.values("validation", [job for jobs in every for job in jobs])
        for (w, way), jobs in soft_jobs.items():
            hard, soft = ([right[job] / len(study.split.valid) for job in some] for some in (hard_jobs[w], jobs))
            found.append(EqualFooting(study.name, w, way, estimate(hard), estimate(soft), paired(soft, hard)))
    return found
