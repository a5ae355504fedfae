"""The gate: a challenger is published only where it is proven not worse than the champion."""
