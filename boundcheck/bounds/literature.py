"""Results of other papers in the setting of the bounds, in order only (theory: Prior work).

No constant of them was read, so that none is printed as a width. ~ hides logarithms.
"""

from boundcheck.records.comparison import PriorResult

NOT_READ = "not read"

LITERATURE = (
    PriorResult(
        "Munteanu, Omlor, Song & Woodruff (ICML 2022, arXiv 2206.12802)",
        "~1/gamma^2 suffice; some data need 1/gamma, a class of proofs ~1/gamma^2",
        NOT_READ,
        "this start (neurons in pairs of equal weights) with a free scale, logistic loss",
        "yes: 1/gamma^2 against the 1/gamma^4 of Proposition 5, since 2022; hard-tempered is its cousin",
    ),
    PriorResult(
        "Telgarsky (arXiv 2208.02789)",
        "~1/gamma suffice",
        NOT_READ,
        "hard labels, both layers trained",
        "yes in order, in another setting: the outer layer moves",
    ),
    PriorResult(
        "Ji & Telgarsky (ICLR 2020)",
        "~1/gamma^8 suffice",
        "1/(gamma^2 eps)",
        "logistic loss, no projection, outer layer fixed",
        "no; hard-gd-published has its constants as recalled",
    ),
    PriorResult(
        "Chen, Cao, Zou & Gu (arXiv 1911.12360)", "~1/gamma^8 suffice", NOT_READ,
        "data that are not separable too", "no",
    ),
    PriorResult(
        "Lei, Wang, Ying & Zhou (JMLR 27(34), 2026)", "~1/gamma^8 suffice", NOT_READ, NOT_READ, "no",
    ),
    PriorResult(
        "Li, Guo, Lei & Ying (arXiv 2510.02779)", "~1/gamma^8 suffice (Theorem 3)", NOT_READ,
        "Theorem 1 for any reference model, data that are not separable too", "no",
    ),
    PriorResult(
        "Ji, Li & Telgarsky (arXiv 2106.05932)", NOT_READ, NOT_READ,
        "label noise, calibration", "another question",
    ),
    PriorResult(
        "Taheri & Thrampoulidis (JMLR 25(156))", NOT_READ, NOT_READ,
        "smooth activations in place of the relu", "another network",
    ),
    PriorResult(
        "NTK with convex two-layer ReLU networks (OpenReview 444mACDffR, rejected)",
        "some data on a circle need 1/gamma^2",
        NOT_READ, "not read; with an algorithm for gamma", "would be stronger than circle-lower, if of these networks",
    ),
)  # fmt: skip
