"""Labels of ranking tasks, one file each.

A label is a module with `class Options(Section)`, `UNTOUCHED` (the label of a candidate that the
user did nothing with: 0, or NaN for not known) and `labels(options, dataset, touched)`; see
`tfrs_models.labels._touched`.
"""
