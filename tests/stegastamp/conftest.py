"""A model that is quick to make, and reads what it stamps."""

import pytest

from tests.stegastamp.linear_model import write_linear_model


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return write_linear_model(tmp_path_factory.mktemp("model"))
