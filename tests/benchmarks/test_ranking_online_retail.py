import pytest
from ranking_online_retail import read_online_retail

from configs.errors import DataError


def test_a_folder_without_the_table_is_an_error_with_what_it_must_hold(tmp_path):
    (tmp_path / "readme.txt").touch()
    with pytest.raises(DataError, match=r"`--folder` must hold Online Retail.*holds neither"):
        read_online_retail(tmp_path, 0)
