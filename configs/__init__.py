"""What a run is: typed, frozen sections and the presets. Imports no TensorFlow."""
