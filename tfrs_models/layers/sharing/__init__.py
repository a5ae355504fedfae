"""What the tasks of the ranking model share, one file each.

A sharing is a module with `class Options(Section)` and `sharing(options, tasks, hidden, seed)`,
where `hidden(seed, name)` makes hidden layers. It gives a layer from float32 [B, W] and a seed of
dropout to a list of float32 [B, H], one for each of the `tasks`.
"""
