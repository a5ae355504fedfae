from throughput import summary

FIGURES = {
    "ours": [900.0, 1000.0, 5000.0],
    "tutorial_8192": [100.0, 50.0, 40.0],
    "tutorial_1024": [400.0, 500.0, 600.0],
    "adam_1024": [250.0, 250.0, 250.0],
    "matmul_gflops": [0.001, 0.002, 0.0015],
}


def test_ratios_are_those_of_the_medians():
    found = summary(FIGURES, flops=400.0)
    ratios = [found[f"ratio_to_{rival}"] for rival in ("tutorial_8192", "tutorial_1024", "adam")]
    assert ratios == [20.0, 2.0, 4.0]


def test_the_share_is_of_the_best_rate_of_the_matmul():
    # 1000 examples/s of 400 operations are 0.0004 GFlop/s; the best product ran at 0.002.
    assert summary(FIGURES, flops=400.0)["matmul_share"] == 0.2
