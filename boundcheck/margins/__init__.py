"""The separation margin of the limiting kernel in two norms, as intervals, and the teacher that attains it.

With phi_x(z) = 1[z.x > 0] x, z ~ N(0, I), and s_q = sum_i q_i y_i phi_i (theory: Kernel and margin):

gamma_sup = max over ||v(z)|| <= 1 of min_i y_i E[v.phi_i] = min over the simplex of E||s_q||   (Assumption 1)
gamma_rkhs = max over E||v||^2 <= 1 of the same            = min over the simplex of sqrt(E||s_q||^2)
"""

NUMERICS = 2
"""Version of the numbers of the kernel teacher; raise it with every change of them, which retires stored teachers."""
