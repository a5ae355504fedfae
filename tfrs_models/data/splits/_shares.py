"""The rule that shares of events share."""


def check_shares(validation_share: float, test_share: float) -> None:
    """Validation and test must leave something to train on.

    Raises:
        ValueError: they do not.
    """
    if validation_share + test_share >= 1:
        raise ValueError(
            "`validation_share` and `test_share` must leave something to train on, received "
            f"{validation_share} and {test_share}: their sum must be below 1"
        )
