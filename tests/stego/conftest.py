"""The shipped encoder, and the photo of the tests."""

import pytest

from shared.images import read_photo
from stego import api
from tests.stego.commands import PHOTO


@pytest.fixture(scope="session")
def encoder():
    return api.Encoder(threads=1)


@pytest.fixture
def pixels():
    return read_photo(PHOTO).pixels
