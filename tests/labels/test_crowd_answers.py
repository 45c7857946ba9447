"""What counts as a crowd's answers, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from boundcheck.crowds import from_matrix, from_triples, read_crowd
from boundcheck.crowds.answers import Answers, components
from boundcheck.errors import InputError


def dense(answers: Answers) -> np.ndarray:
    return answers.X.toarray() if sparse.issparse(answers.X) else answers.X


def test_zero_one_and_minus_one_one_say_the_same() -> None:
    """In triples a missing answer is a missing row, so both codings are unambiguous."""
    tasks, workers = ["b", "b", "a"], ["u", "v", "u"]
    one = from_triples(tasks, workers, [0, 1, 1])
    two = from_triples(tasks, workers, [-1, 1, 1])
    assert one.tasks == ("b", "a")
    assert one.workers == ("u", "v")
    np.testing.assert_array_equal(dense(one), [[-1, 1], [1, 0]])
    np.testing.assert_array_equal(dense(one), dense(two))
    assert one.digest == two.digest


def test_counts_agree_with_the_matrix() -> None:
    X = np.random.default_rng(0).choice([-1, 0, 0, 1], (7, 30))
    answers = from_matrix(X)
    np.testing.assert_array_equal(answers.per_task, np.abs(X).sum(0))
    np.testing.assert_array_equal(answers.per_worker, np.abs(X).sum(1))
    np.testing.assert_array_equal(answers.surplus, X.sum(0))
    assert answers.n_answers == np.abs(X).sum()


def test_tasks_named_by_numbers_are_sorted_by_number() -> None:
    """So the posterior of row 10 of a data set is not between those of rows 1 and 2."""
    answers = from_triples(["10", "2", "1"], "uuu", [0, 1, 0])
    assert answers.tasks == ("1", "2", "10")
    np.testing.assert_array_equal(dense(answers), [[-1, 1, -1]])


def test_of_a_repeated_pair_the_last_answer_counts() -> None:
    answers = from_triples(list("ssst"), list("uuvu"), [0, 1, 0, 0])
    assert answers.duplicates == 1
    np.testing.assert_array_equal(dense(answers), [[1, -1], [-1, 0]])


def test_workers_without_answers_are_dropped_and_tasks_without_answers_stay() -> None:
    answers = from_matrix([[1, 0, -1], [0, 0, 0], [1, 0, 1]], workers="uvw")
    assert answers.workers == ("u", "w")
    assert answers.n_tasks == 3


def test_dense_and_sparse_storage_agree() -> None:
    X = np.random.default_rng(1).choice([-1, 1], (40, 60)) * (np.random.default_rng(2).random((40, 60)) < 0.1)
    few, many = from_matrix(X), from_matrix(np.where(X == 0, 1, X))
    assert sparse.issparse(few.X)
    assert isinstance(many.X, np.ndarray)
    np.testing.assert_array_equal(dense(few), X)
    np.testing.assert_array_equal(dense(from_matrix(sparse.csr_array(X))), X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((0, 3)), "shape"),
        (np.zeros(3), "shape"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.zeros((2, 3)), "zeros and ones"),
        (np.array([[0, 1], [1, 1]]), "zeros and ones"),
        (np.array([[1, 2], [-1, 0]]), "value 2"),
        (np.array([[1, 0.5], [-1, 0]]), "value 0.5"),
        (np.array([[1, np.nan], [-1, 0]]), "value nan"),
        (np.array([[1, np.inf], [-1, 0]]), "value inf"),
        (np.array([["1", "0"]]), "not an array of numbers"),
        (sparse.csr_array((3, 3)), "no answers"),
    ],
)
def test_matrices_that_are_refused(X: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_matrix(X)


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0, 1, 2], "3 classes"), ([-1, 0, 1], "0 may be"), ([0, float("nan"), 1], "label 'nan'"), ([], "no labels")],
)
def test_labels_that_are_refused(labels: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_triples("abc"[: len(labels)], "uvw"[: len(labels)], labels)


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="one per row"):
        from_triples("ab", "u", [1, 0])


def test_components_are_those_of_the_worker_task_graph() -> None:
    """Two blocks that share no worker, and a task nobody answered."""
    X = np.zeros((5, 8))
    X[:2, :3], X[2:, 3:7] = 1, -1
    assert components(from_matrix(X)).tolist() == [1, 1, 1, 0, 0, 0, 0, -1]


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_csv_is_read_by_its_column_names(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "when,Label, worker ,task\n1,0,u,s\n\n2,1,v,s\n")
    answers = read_crowd(path).answers
    assert (answers.tasks, answers.workers, answers.n_answers) == (("s",), ("u", "v"), 2)
    np.testing.assert_array_equal(dense(answers), [[-1], [1]])


def test_names_must_differ(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.ones((2, 2)), tasks=["s", "s"])
    with pytest.raises(InputError, match="named twice"):
        read_crowd(tmp_path / "a.npz")


def test_an_npz_carries_the_matrix_and_names(tmp_path: Path) -> None:
    X = np.array([[1, -1, 0], [0, 1, 1]], dtype=np.int8)
    np.savez(tmp_path / "a.npz", X=X, tasks=["s", "t", "v"])
    answers = read_crowd(tmp_path / "a.npz").answers
    np.testing.assert_array_equal(dense(answers), X)
    assert answers.tasks == ("s", "t", "v")


def test_words_mean_what_positive_says(tmp_path: Path) -> None:
    words = write(tmp_path / "w.csv", "task,worker,label\ns,u,yes\ns,v,no\nt,u,maybe\n")
    truth = write(tmp_path / "t.csv", "task,label\ns,no\nt,yes\n")
    found = read_crowd(words, truth, positive=("yes", "maybe"))
    np.testing.assert_array_equal(dense(found.answers), [[1, 1], [-1, 0]])
    assert found.truth is not None
    assert found.truth.tolist() == [-1, 1]
    with pytest.raises(InputError, match="no label is 'Yes'"):
        read_crowd(words, positive=("Yes",))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "no line of column names"),
        ("a.csv", "task,worker\n1,2\n", "no column label"),
        ("a.csv", "task,worker,label\n", "no labels"),
        ("a.csv", "task,worker,label\n1,u\n", "line 2 has 2 cells"),
        ("a.csv", "task,worker,label\n1,u,\n", "label '' looks like a missing one"),
        ("a.csv", "task,worker,label\n1,u,yes\n", "label 'yes'.*--positive"),
        ("a.csv", "task,worker,label\n1,u,3\n", "label '3'.*--positive"),
        ("a.csv", "task,worker,label\n1,u,nan\n", "label 'nan'"),
        ("a.csv", 'task,worker,label\n"1,u,0\n', "is not csv"),
        ("a.npz", "not a zip", "not a .npz archive"),
        ("a.txt", "", "unknown kind of file"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_crowd(write(tmp_path / name, text))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_files_and_directories_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_crowd(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a directory"):
        read_crowd(tmp_path)


ANSWERS = "task,worker,label\na,u,0\na,v,1\nb,u,0\nc,v,1\n"


def truth(tmp_path: Path, file: Path) -> list[int]:
    found = read_crowd(write(tmp_path / "answers.csv", ANSWERS), file).truth
    assert found is not None
    return found.tolist()


def test_truth_is_matched_by_name_and_zero_where_unknown(tmp_path: Path) -> None:
    assert truth(tmp_path, write(tmp_path / "t.csv", "task,label\nc,1\na,0\nz,1\n")) == [-1, 0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("task,label\nz,1\n", "none of its 1 tasks"),
        ("task,label\na,1\na,0\n", "several labels"),
        ("task,label\na,5\n", "5"),
        ("task,label\na,?\n", "label '\\?' looks like a missing one"),
        ("task,p\na,1\n", "no column of true labels"),
        ("label\n1\n0\n", "2 true labels, expected 3"),
    ],
)
def test_truth_that_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        truth(tmp_path, write(tmp_path / "t.csv", text))


def test_truth_in_an_npz_goes_by_position_unless_it_names_tasks(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", y=np.array([0, 1, 1]))
    assert truth(tmp_path, tmp_path / "t.npz") == [-1, 1, 1]
    np.savez(tmp_path / "n.npz", task=["c", "a"], label=[1, 0])
    assert truth(tmp_path, tmp_path / "n.npz") == [-1, 0, 1]
    np.savez(tmp_path / "s.npz", y=np.array([0, 1]))
    with pytest.raises(InputError, match="expected 3 labels"):
        truth(tmp_path, tmp_path / "s.npz")
