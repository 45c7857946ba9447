"""Every term that the commands print, in plain words. `boundcheck explain TERM` shows one."""

from collections.abc import Mapping

from boundcheck.records.glossary import Term

# a term; its other names | heading of the theory notebook where its mathematics is, if anywhere
#     what it means
_TEXT = """
assumption 1 | Kernel and margin
    Of the paper: some teacher gives every sample the right sign with margin gamma > 0. It fails exactly if the
    margin is 0.
width; width m; neurons; m | Network and training
    The number m of neurons in the hidden layer; always even, since neurons come in pairs that cancel at the
    start.
radius; radius b; b | Network and training
    How far training may move a neuron: at most B/sqrt(m) from where it began. A larger radius allows larger
    outputs and more flips.
steps; steps t; t | Network and training
    The number T of steps of gradient descent. Errors are averages over all of them.
step size; eta | Network and training
    The factor eta of the gradient in one step.
eps; target error | Network and training
    The average error that is aimed at: the share of wrong samples, averaged over the steps.
error; average error; mean error | Network and training
    The share of samples with y f <= 0; averaged over the steps of training where the context is a theorem. An
    output of exactly 0 counts as wrong.
risk; kl risk; loss | Network and training
    The mean loss over the samples: KL for soft labels, logistic or perceptron for hard ones.
kl left; kl of f = 0 | Any teacher
    The average KL divergence, in nats, from the soft labels: what the best field of a radius leaves, and what the
    untrained network, whose output is 0, leaves.
soft - hard | Soft against hard
    The accuracy on soft labels minus that on hard ones, from the same initial weights on the same test rows.
footing
    Of a comparison of students: same radius, both kinds of labels trained at one radius B; each its own, each in
    the way that is best for it.
agrees | Any teacher
    The share of held-out rows on which a field that was fitted to the other rows decides as the teacher does.
failure probability; delta; delta_tot | Published soft bound
    A failure probability. The published theorems fail with probability at most 3 delta over the random start;
    sharp ones are compared at the same total.
soft labels; soft; labels | Network and training
    Probabilities p = sigmoid(z) in place of labels +1 and -1, as a teacher gives them.
hard labels; hard | Network and training
    Labels +1 and -1.
teacher; kernel teacher | Kernel and margin
    What gives the soft labels. The kernel teacher is the field v(w) that attains the margin, with logits z =
    E[v.phi(x)]; other teachers are networks, or crowds.
logit; logits; z | Network and training
    The number z with p = sigmoid(z) = 1/(1 + exp(-z)).
logit scale; kappa | Logit scale
    The factor kappa of the teacher's logits. Soft labels with scale kappa need the radius B = kappa.
temperature; tau | Temperature
    Of a loss: tau in tau ln(1 + exp(-y f/tau)). Of soft labels: logits divided by it; above 1 it makes them
    softer.
margin; gamma; margin gamma; sup norm; rkhs norm; norm; rkhs; sup; gamma_sup; gamma_rkhs | Kernel and margin
    gamma: how clearly the best teacher of norm at most 1 separates the labels, the least y z over the samples.
    Larger is easier; it is at most 1/2. The sup norm bounds the teacher at every w (Assumption 1), the RKHS
    norm on average.
eps-margin; gamma_eps; gamma_nu; nu | Eps-margin
    The margin when a share eps of the samples may be given up: the mean of the worst eps n values of y z, for
    the best teacher.
zero margin | Zero margin
    No teacher separates the data: the same ray has both labels, or opposite pairs of samples cancel each other.
    Then no theorem here applies.
weight | Kernel and margin
    Of a row: its share q in the combination of rows that proves the upper end of the margin. Rows with large
    weights limit the margin.
duality gap; gap; relative width | Margin interval
    The difference of a proved upper and a proved lower end, from the same weights; no sampling is involved.
limiting kernel; kernel | Kernel and margin
    K(x, x') = x.x' (pi - angle)/(2 pi): what the network's features give as its width grows.
bound; upper bound; theorem | Soft against hard
    A theorem that says which width suffices: an upper bound, which does not say that fewer neurons fail.
lower bound; needed; circle-lower | Lower bounds
    A number of neurons below which nothing can succeed, on some data of a margin or on these data.
impossible; impossible zone; w(0) | Lower bounds
    A start W(0) is impossible if no network in the ball of radius B around it errs as little as is asked. A width is
    excluded if too many of its starts are.
published | Published soft bound
    A bound as its paper prints it, with the steps under which it is proved.
sharp | Sharp soft bound
    A bound with a better proof of the same kind of statement, made for this program.
floor | Sharp soft bound
    What a bound asks for in the limit of infinitely many infinitely small steps. Finitely many steps need more.
vacuous | KL risk
    Says nothing: an untrained network satisfies it already.
flip; flips | Flips
    A neuron whose activation on a sample differs between the start and now. The theorems pay for every neuron
    that can flip within the radius.
concentration | Concentration
    How close the average over finitely many random neurons comes to its limit.
quantile; q; chernoff; hoeffding | Flips
    The value that a random count exceeds with a given small probability; q for the share of pairs that can
    flip.
beta | KL risk
    The KL risk that Theorem 2 aims at.
c | Flips
    A lower bound of the norms of the samples in the published widths. 2 gamma is always valid, and no sharp
    bound needs it.
crossover; soft asks for fewer | Soft against hard
    The margin at which a soft and a hard bound ask for the same width.
closed form | Flips
    A formula for the width, with the width on one side only; bounds with Chernoff's quantiles are inverted
    numerically and ask for less.
grows like; growth; in gamma; in eps; exponent; bound's | Soft against hard
    How a width behaves as gamma or eps goes to 0, up to a constant: an exact limit of the closed form.
hypothesis; assumed
    What a theorem assumes. Some can be checked from numbers (holds, FAILS), others are about data or training
    (assumed).
exact identity; identity
    Checked by SymPy: both sides are the same function.
interval proof
    Checked in ball arithmetic: the inequality holds on the whole range, rounding included.
exact example
    Computed in integers or fractions.
argument; argued
    A step in words; no machine has checked it.
residual
    Of an identity: what is left of the difference, 0 if it holds. Of an inequality: its slack, negative if it
    fails.
claim; statement; where | Printed statements
    One printed statement of the paper, with the check that settles it.
ladder; rung; factor; rungs | Certificate
    Widths for one target, from the published theorem down to practice. Each rung is a width; the factor is how
    many times smaller the next one is.
certificate; certified | Certificate
    A bound of the average error computed for one given start, with no probability left; also any other proof
    from computed numbers.
success; successes; succeeds; fails; rate
    A run whose average error is at most eps. A width succeeds if its probability of success is at least what
    was asked for, shown by a test at the stated confidence.
seed; seeds
    What determines a random start; one run per seed.
bracket; smallest width
    (a, b]: width a was shown to fail, width b to succeed, so the smallest width that succeeds is above a and at
    most b, if more neurons are never worse.
places; beyond; below
    The settings (a margin, a number of samples) at which a family of searches looks for the smallest width; beyond
    and below count those where it lies above or below all widths tried.
trained practically; practical; practically
    Step size by rule, B = 1 for soft labels, no bound consulted; a run ends once its outcome is certain.
undecided; cannot be told
    The numbers at hand settle it neither way; more seeds, steps or time may.
verdict; holds; refuted; consistent
    holds, refuted or undecided, with the sentence that justifies it. Exit codes: 0 holds, 1 refuted, 3
    undecided.
proved; supported
    Follows from exact or outward rounded arithmetic, without sampling.
interval; confidence; lower; upper
    [lower, upper]: contains the true value with the confidence beside it; one without a confidence is proved.
store; run store; runs; cell
    The file that keeps finished runs, so that a command repeated finds them.
digest; data_sha256
    A short fingerprint of the data, by which stored runs are found again.
label set; omega_k; top k; k; superset | Label sets
    The k heaviest labels of a soft label (top k).
unreliability; delta; delta_max; missed; missed at worst | Label sets
    Delta: how often the true label is not in the label set; Delta_max in the worst class.
ambiguity; gamma; intruder; worst intruder | Label sets
    gamma of `labels check`: how often the most intrusive wrong label is in the label set. Not the margin.
dominance margin; kappa; lead | Label sets
    kappa of `labels check`: the least lead of the true label over a wrong one, P(true label in the set) -
    P(wrong label in the set). Above 0 a student that minimises the superset risk becomes right.
psi; psi_pairs; exponent of pairs | Label sets
    How fast evidence for the true label outgrows that for a wrong one; the needed number of examples is
    proportional to 1/psi.
superset risk; erm | Label sets
    The probability that a student's label is outside the label set.
assumption C | Estimated quality
    The label set depends on the input through the true label only. Under it class-wise counts certify learning.
natarajan dimension; class size | Sample size
    The size of a class of students with more than two labels, as the VC dimension for two.
bias; soft-ce margin; wrong side | Special label sets
    The mean distance of soft labels from one-hot true labels, between 0 and 2.
calibration; ece; brier; log loss; over-confident | Crowd probabilities
    Whether labels said with probability p are true in a share p of the cases.
crowd; worker; task; answers | Crowd model
    Workers who answer tasks +1 or -1, or not at all.
reliability; reliabilities | Crowd model
    r = 2p - 1 of a worker who is right with probability p; 0 is guessing, -1 is always wrong.
task type; type; types | Task types
    Tasks that the same workers find easy. Types are not given but found in the answers.
majority vote; mv; vote share | Weighted votes
    The label that most workers gave.
triangular estimation; te; wls | Reliabilities
    Reliabilities from the agreement of triples of workers.
Dawid-Skene; ds1; ds2; one coin; two coins; em; posterior; model | Expectation maximisation
    Reliabilities and labels estimated in turn, each from the other, until they settle: one coin (one
    reliability per worker) or two (one per label).
edge; eigenvalue | Task types
    The largest eigenvalue that noise alone would give; eigenvalues above it count task types.
held-out; log-likelihood | Choice of a model
    Answers kept aside, on which models are compared.
"""


def _read(text: str) -> Mapping[str, Term]:
    terms: dict[str, Term] = {}
    for line in text.strip().splitlines():
        if line.startswith(" "):
            name, term = terms.popitem()
            terms[name] = Term(name, f"{term.meaning} {line.strip()}".strip(), term.also, term.source)
        else:
            names, _, heading = line.partition(" | ")
            name, *also = names.split("; ")
            terms[name] = Term(name, "", tuple(also), f"theory: {heading}" if heading else "")
    return terms


TERMS: Mapping[str, Term] = _read(_TEXT)
"""Terms by name."""


def find(name: str) -> tuple[Term, ...]:
    """The terms that this can mean, by name and by other name; capitals do not matter."""
    wanted = " ".join(name.lower().split())
    return tuple(t for t in TERMS.values() if wanted == t.name.lower() or wanted in t.also)


def names() -> tuple[str, ...]:
    """Every name of every term."""
    return tuple(dict.fromkeys(name.lower() for t in TERMS.values() for name in (t.name, *t.also)))
