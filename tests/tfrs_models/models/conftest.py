import pytest
from support.models import SPECS

from tfrs_models.features.spec import FeatureSpec


@pytest.fixture(params=SPECS.values(), ids=SPECS)
def spec(request: pytest.FixtureRequest) -> FeatureSpec:
    """Every shape that a spec may have."""
    found: FeatureSpec = request.param
    return found
