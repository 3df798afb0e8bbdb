"""Classes that never occur are said."""

import numpy as np
import pytest

from malicious_ae.classes import (
    CAMVID,
)
from malicious_ae.tables import check_occurring
from shared.errors import UserError
from shared.segmentation.confusion import Confusion


def test_labels_in_which_most_classes_never_occur_are_said(capsys):
    labels = np.array([0, 1, 2, 11])
    confusion = Confusion(12, [11])
    with pytest.raises(UserError, match="unlabelled"):
        check_occurring(confusion, CAMVID)
    confusion.add(labels, labels)
    check_occurring(confusion, CAMVID)
    assert "only 3 of 11 classes occur" in capsys.readouterr().err
    confusion.add(np.arange(6), np.arange(6))
    check_occurring(confusion, CAMVID)
    assert not capsys.readouterr().err
